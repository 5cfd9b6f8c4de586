"""Time enters a market of turns as moves: made by a sweep, under the market's lock, when the state says it is due."""

from django.db import transaction

from marketplace.bidding.models import Move
from marketplace.bidding.moves import last_at
from marketplace.bidding.recording import record
from marketplace.bidding.turns import stated, table_of
from marketplace.core import clock, limits
from marketplace.core.refs import new_ref
from marketplace.markets.models import Market
from marketplace.markets.services import cancel_market
from mechanisms.moves import CLOCK

NOBODY_CAME = "the other party did not come"
TIMEOUT = "timeout"


def tick_due() -> int:
    """Make the clock's move wherever its time has come."""
    due = Market.objects.filter(state=Market.State.OPEN, turn_due_at__lte=clock.now()).order_by("turn_due_at")
    return sum(tick(market_id=pk) for pk in due.values_list("pk", flat=True)[: limits.SWEEP_BATCH])


@transaction.atomic
def tick(*, market_id: int) -> bool:
    """One move of the clock; False where somebody else has moved first. A haggle that never began is cancelled."""
    market = Market.objects.select_for_update().select_related("journal").get(pk=market_id)
    at = clock.now()
    if market.state != Market.State.OPEN or market.turn_due_at is None or market.turn_due_at > at:
        return False
    table = table_of(market)
    if table is None:
        return cancel_market(market=market, reason=NOBODY_CAME, by="the clock")
    move = Move(ref=new_ref("mov"), market=market, n=market.last_bid + 1, type=TIMEOUT, data={})
    move.at = max(at, last_at(table))
    record(market=market, move=move, before=table, after=table.after(stated(move, CLOCK)))
    return True
