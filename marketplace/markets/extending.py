"""More time for a market that nobody has joined yet: once somebody has, its close is a promise."""

from datetime import datetime

from django.db import transaction

from marketplace.core import clock, streams
from marketplace.core.history import note
from marketplace.core.refusals import Refusal
from marketplace.markets.configuration import longest_seconds
from marketplace.markets.models import Market
from marketplace.markets.turns import refuse_turns


@transaction.atomic
def extend_market(*, market: Market, closes_at: datetime, by: str) -> bool:
    """A later close; False where it is not open any more; refused where someone has joined, or it would be too long."""
    refuse_turns(market)
    locked = Market.objects.select_for_update().filter(pk=market.pk, state=Market.State.OPEN).first()
    now = clock.now()
    if locked is None or locked.closes_at <= now:
        return False
    if locked.participants:
        raise _refused(409, "market_frozen", "Agents have joined, and the close is a promise to them.", "Let it close.")
    if not locked.closes_at < closes_at:
        raise _refused(422, "closing_out_of_bounds", "The new close is not later.", "Say a later instant.")
    if (closes_at - now).total_seconds() > longest_seconds(locked.money) - locked.accept_within_s:
        raise _refused(
            422, "closing_out_of_bounds", "The market would be open for too long.", "Say an earlier instant."
        )
    Market.objects.filter(pk=locked.pk).update(closes_at=closes_at)
    locked.closes_at = closes_at
    note(locked)
    facts = {"closes_at": clock.stamp(closes_at), "by": by}
    streams.append(locked.stream, "market.extended", facts, now)
    return True


def _refused(status: int, code: str, detail: str, fix: str) -> Refusal:
    return Refusal(status, code, detail, fix, "/closes_at" if status == 422 else None)
