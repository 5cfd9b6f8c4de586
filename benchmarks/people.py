"""Simulated people with hidden policies, for the benchmark of rules from cases."""

import random
from dataclasses import dataclass

from marketplace.core.ladder import rung_above
from marketplace.mandates.learning import Facts
from marketplace.mandates.policies import ALONE, ASK, NEVER

CATEGORIES = ("train-seat/1", "hotel-room/1", "concert-ticket/1", "book/1")
ORDER = (ALONE, ASK, NEVER)


@dataclass
class Simulated:
    """A person: what it would say to an act, and what it answers, which is now and then a slip.

    `odd` people do not fit the learner's model: strangers matter to them in one category only, or at night only.
    """

    kind: str
    edges: dict[str, tuple[float, float]]  # minor units, on no scale
    strangers: str
    nights: str
    odd: str | None
    slips: float
    dice: random.Random

    def says(self, facts: Facts) -> str:
        """Its policy."""
        low, high = self.edges[facts.category]
        toward = self.strangers if self._minds(facts) else "same"
        amount = facts.amount_minor * (3.5 if facts.stranger and toward == "lower" else 1)
        words = [ALONE if amount <= low else ASK if amount <= high else NEVER]
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
    """A person of some shape; two in five are odd."""
    dice = random.Random(seed)
    middle = dice.lognormvariate(9.2, 0.7)  # about 100 EUR may pass, usually
    edges = {}
    for category in CATEGORIES:
        low = middle * dice.choice((0.4, 0.7, 1, 1, 1, 1.5, 2.5))
        edges[category] = (low, low * dice.choice((1, 1.6, 1.6, 2.5, 2.5, 4)))
    strangers = dice.choice(("same", "same", "lower", "lower", "ask"))
    nights = dice.choice(("same", "same", "same", "ask", "never"))
    odd = dice.choice((None, None, None, "one category", "at night"))
    return Simulated("odd" if odd else "plain", edges, strangers, nights, odd, 0.05, dice)


def act(dice: random.Random, *, any_amount: bool = False) -> Facts:
    """An act as agents meet them: most are small, two in five with strangers, one in six at night.

    Limits are steps of a ladder in sealed markets, and any amount in open ones.
    """
    drawn = round(dice.lognormvariate(8.5, 1.1))
    amount = drawn if any_amount else rung_above(drawn)
    return Facts(dice.choice(CATEGORIES), amount, dice.random() < 0.4, dice.random() < 0.17)
