"""Simulated people with hidden policies, for the benchmark of rules from cases."""

import random
from dataclasses import dataclass

from marketplace.mandates.learning import LOWER, SCALE, Facts, step_of
from marketplace.mandates.policies import ALONE, ASK, NEVER

CATEGORIES = ("train-seat/1", "hotel-room/1", "concert-ticket/1", "book/1")
ORDER = (ALONE, ASK, NEVER)


@dataclass
class Simulated:
    """A person: what it would say to an act, and what it answers, which is now and then a slip.

    `odd` people do not fit the learner's model: strangers matter to them in one category only, or at night only.
    """

    kind: str
    edges: dict[str, tuple[int, int]]
    strangers: str
    nights: str
    odd: str | None
    slips: float
    dice: random.Random

    def says(self, facts: Facts) -> str:
        """Its policy."""
        low, high = self.edges[facts.category]
        toward = self.strangers if self._minds(facts) else "same"
        step = step_of(facts.amount_minor) + (LOWER if facts.stranger and toward == "lower" else 0)
        words = [ALONE if step <= low else ASK if step <= high else NEVER]
        words += [toward] if facts.stranger and toward in ORDER else []
        words += [self.nights] if facts.night and self.nights in ORDER else []
        return max(words, key=ORDER.index)

    def answers(self, facts: Facts) -> str:
        """What it says when it is asked."""
        true = self.says(facts)
        return self.dice.choice([word for word in ORDER if word != true]) if self.dice.random() < self.slips else true

    def _minds(self, facts: Facts) -> bool:
        if self.odd == "one category":
            return facts.category == CATEGORIES[0]
        return facts.night if self.odd == "at night" else True


def person(seed: int) -> Simulated:
    """One person in ten shapes; four in ten are odd."""
    dice = random.Random(seed)
    middle = dice.randint(8, 12)  # 40 to 250 EUR may pass, usually
    edges = {}
    for category in CATEGORIES:
        low = max(0, min(len(SCALE) - 2, middle + dice.choice((-2, -1, 0, 0, 0, 1, 2))))
        edges[category] = (low, low + dice.choice((0, 1, 1, 2, 2, 3)))
    strangers = dice.choice(("same", "same", "lower", "lower", "ask"))
    nights = dice.choice(("same", "same", "same", "ask", "never"))
    odd = dice.choice((None, None, None, "one category", "at night"))
    return Simulated("odd" if odd else "plain", edges, strangers, nights, odd, 0.05, dice)


def act(dice: random.Random) -> Facts:
    """An act as agents meet them: most are small, two in five with strangers, one in six at night."""
    amount = min(SCALE[-1], max(100, round(dice.lognormvariate(8.5, 1.1))))
    return Facts(dice.choice(CATEGORIES), amount, dice.random() < 0.4, dice.random() < 0.17)
