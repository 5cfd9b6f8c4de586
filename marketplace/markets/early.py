"""Closing before the time: an operator's act, with a reason that everybody reads."""

from django.db import transaction

from marketplace.core import clock, streams
from marketplace.markets.models import Market, Round
from marketplace.markets.services import new_round, stated_reason
from marketplace.markets.turns import refuse_turns


@transaction.atomic
def close_early(*, market: Market, reason: str, by: str) -> Round | None:
    """open -> closed now, with a pending round; None where the market is not open or its time is over.

    The row is locked before the clock is read, as at any close: no bid has an instant past this one.
    """
    why = stated_reason(reason)
    refuse_turns(market)
    locked = Market.objects.select_for_update().filter(pk=market.pk, state=Market.State.OPEN).first()
    at = clock.now()
    if locked is None or locked.closes_at <= at:
        return None
    Market.objects.filter(pk=locked.pk).update(state=Market.State.CLOSED, closes_at=at)
    facts = {"closes_at": clock.stamp(at), "early": True, "reason": why, "by": by}
    streams.append(locked.stream, "market.closed", facts, at)
    return new_round(market=locked, at=at, reason=f"closed early by {by}: {why}")
