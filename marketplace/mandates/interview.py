"""The interview: ten concrete acts, one after the other, each chosen to tell most after the answers so far."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from marketplace.mandates import acts
from marketplace.mandates.acts import Act
from marketplace.mandates.learning import SCALE, Facts, Told
from marketplace.mandates.models import Case

QUESTIONS = 10
MIXED = "mixed"  # an act over several categories: rules are learned for one at a time
ASKED_AMOUNTS = SCALE[9:39:4]  # from a few units of the currency to a thousand


def pool(categories: Sequence[str]) -> tuple[Facts, ...]:
    """The acts that may be asked about, in an order that favours plain ones."""
    return _pool(tuple(sorted(categories)))


@lru_cache(maxsize=256)
def _pool(categories: tuple[str, ...]) -> tuple[Facts, ...]:
    return tuple(
        Facts(category, amount, stranger, night)
        for stranger, night in ((False, False), (True, False), (False, True), (True, True))
        for amount in ASKED_AMOUNTS
        for category in categories
    )


def told_by(agent_id: int, currency: str, time_zone: str) -> list[Told]:
    """The cases of an agent in a currency, oldest first."""
    rows = [(row.act.open(), row.answer) for row in Case.objects.filter(agent_id=agent_id).order_by("pk")]
    read = [(acts.from_document(kept["act"]), datetime.fromisoformat(kept["at"]), answer) for kept, answer in rows]
    return [Told(facts_of(act, at, time_zone), answer) for act, at, answer in read if act.currency == currency]


def facts_of(act: Act, at: datetime, time_zone: str) -> Facts:
    """What a person is thought to look at in an act."""
    minute = act.facts(at, time_zone)["minute"]
    category = next(iter(act.categories)) if len(act.categories) == 1 else MIXED
    return Facts(category, act.limit_minor, act.new_counterparty, not 7 * 60 <= minute < 22 * 60)
