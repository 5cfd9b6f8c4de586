"""Leaving a market of turns for a stopped agent: what its rule lets it take back is taken back, by moves of its own."""

from typing import Any

from django.db import transaction

from marketplace.bidding.models import Move, Participation
from marketplace.bidding.recording import record
from marketplace.bidding.turns import Table, last_at, stated, table_of
from marketplace.core import clock
from marketplace.core.money import minor_from_units
from marketplace.core.refs import new_ref
from marketplace.markets.models import Market
from mechanisms.types import ProblemError

LEAVING = ("walk_away", "exit")
Way = tuple[str, int]  # the type of a move, and the order that it cancels


def leave_table(*, seat: Participation) -> int:
    """Make every move that takes something back; the most, in minor units, that the seat can still owe."""
    tried: set[Way] = set()
    while _step(seat, tried):
        pass  # each a transaction of its own: one that appends to streams twice could lock them out of order
    market = Market.objects.get(pk=seat.market_id)
    table = table_of(market) if market.state == Market.State.OPEN else None
    return 0 if table is None else minor_from_units(table.state.exposure(seat.ref), market.exponent, market.currency)


@transaction.atomic
def _step(seat: Participation, tried: set[Way]) -> bool:
    """One such move; False where none is left to be tried."""
    market = Market.objects.select_for_update().get(pk=seat.market_id)
    table = table_of(market) if market.state == Market.State.OPEN else None
    way = next((way for way in _ways_out(table, seat.ref) if way not in tried), None) if table else None
    if table is None or way is None:
        return False
    tried.add(way)
    data: dict[str, Any] = {"order": way[1]} if way[1] else {}
    move = Move(ref=new_ref("mov"), market=market, participation=seat, n=market.last_bid + 1, type=way[0], data=data)
    move.at = max(clock.now(), last_at(table))
    try:
        after = table.after(stated(move, seat.ref))
    except ProblemError:
        return True  # its time is over: what stands, stands
    record(market=market, move=move, before=table, after=after)
    return True


def _ways_out(table: Table, ref: str) -> list[Way]:
    """A rule has at most one act that leaves; an order book lets one cancel order by order."""
    kinds = {each["type"] for each in table.state.legal.get(ref, [])}
    orders = table.state.private.get(ref, {}).get("orders", []) if "cancel" in kinds else []
    return [(kind, 0) for kind in LEAVING if kind in kinds] + [("cancel", each["order"]) for each in orders]
