"""Markets that are due: to open, to close, to be called settled."""

from collections.abc import Callable, Iterable

from marketplace.core import clock, limits
from marketplace.core.refusals import Refusal
from marketplace.core.sweeps import Sweep
from marketplace.markets.defaults import resolve_due, unresolved
from marketplace.markets.matching import alert_due
from marketplace.markets.models import Market, Round
from marketplace.markets.sellers import put_off
from marketplace.markets.services import cancel_market, close_market, open_market, settle_market
from marketplace.settlement.services import unsettled_count


def open_due() -> int:
    """Open what is due; what may not open is tried again, until its time is over."""
    now = clock.now()
    due = Market.objects.filter(state=Market.State.DRAFT, opens_at__lte=now)
    due = due.exclude(open_again_at__gt=now)[: limits.SWEEP_BATCH]
    return _count(due, _open)


def _open(market: Market) -> bool:
    try:
        return open_market(market=market)
    except Refusal as refusal:
        if market.closes_at <= clock.now():
            return cancel_market(market=market, reason=refusal.detail, by="the clock")
        put_off(market, refusal)
        return False


def close_due() -> int:
    """Close what is due."""
    due = Market.objects.filter(state=Market.State.OPEN, turn_due_at=None, closes_at__lte=clock.now())
    due = due[: limits.SWEEP_BATCH]
    return _count(due, lambda market: close_market(market=market) is not None)


def settle_due() -> int:
    """Call settled what has cleared and owes nothing."""
    cleared = Market.objects.filter(state=Market.State.CLOSED, rounds__state=Round.State.CLEARED, rounds__binding=True)
    quiet = (market for market in cleared.select_related("journal") if not unsettled_count(journal=market.journal))
    done = (market for market in quiet if unresolved(market) is None)
    return _count(done, lambda market: settle_market(market=market))


def _count(markets: Iterable[Market], act: Callable[[Market], bool]) -> int:
    return sum(act(market) for market in markets)


SWEEPS = (
    Sweep("markets.open_due", open_due, every=0.25, lane="markets"),
    Sweep("markets.close_due", close_due, every=0.25, lane="markets"),
    Sweep("markets.resolve_due", resolve_due, every=0.25, lane="markets"),
    Sweep("markets.settle_due", settle_due, every=0.25, lane="markets"),
    Sweep("markets.alert_due", alert_due, every=1, lane="alerts"),
)
