"""What a move writes: its row, the market's next deadline, its events; and with the last one the market's end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from msgspec.structs import replace

from marketplace.agents.inbox import told
from marketplace.bidding.models import Move, Participation
from marketplace.bidding.turns import Table, due_at, keep, mover, stamped
from marketplace.core import clock, streams
from marketplace.core.refusals import Refusal
from marketplace.markets.configuration import longest_seconds
from marketplace.markets.models import Market
from marketplace.markets.services import new_round
from marketplace.markets.turns import haggles
from marketplace.settlement.services import first_hold_ends

PLAYED = "the moves were made"


def record(*, market: Market, move: Move, before: Table, after: Table) -> None:
    """Store a move that has led from one table to the next; inside the transaction that has the market locked."""
    move.save(force_insert=True)
    over = after.state.outcome is not None
    market.last_bid, market.turn_due_at = move.n, due_at(after.state)
    if over:
        market.state, market.closes_at = Market.State.CLOSED, move.at
    else:
        _extend(market, after)
    moved = ("last_bid", "turn_due_at", "state", "closes_at")
    Market.objects.filter(pk=market.pk).update(**{name: getattr(market, name) for name in moved})
    entries = list(_told(market, move, before, after))
    if over:
        facts = {"closes_at": clock.stamp(move.at)}
        entries.append(streams.Entry(market.stream, "market.closed", facts, forwarded=False))
        new_round(market=market, at=move.at, reason=PLAYED, problem=_problem(after))
    streams.append_all(entries, move.at)
    transaction.on_commit(lambda: keep(market.pk, after), robust=True)


def _extend(market: Market, after: Table) -> None:
    """A late bid may keep an English auction open, but not for longer than the holds that stand live and settle."""
    due = market.turn_due_at
    if due is None or due <= market.closes_at or not getattr(after.state.params, "soft_close_s", 0):
        return
    opened = datetime.fromisoformat(after.state.problem.opened_at)
    latest = opened + timedelta(seconds=longest_seconds(market.money, market.deposit_minor))
    if due > min(latest, first_hold_ends(market.journal) or latest):
        detail = "Bids have kept this auction open for as long as one may be."
        raise Refusal(409, "soft_close_over", detail, "It ends at its deadline; nothing more counts.")
    market.closes_at = due


def _problem(after: Table) -> str:
    """The frozen problem with every move: what the clearing runs, and whoever checks it."""
    state = after.state
    whole = replace(state.problem, moves=() if state.moves is None else state.moves.all())
    return str(whole.to_json().decode())


def _told(market: Market, move: Move, before: Table, after: Table) -> Iterator[streams.Entry]:
    """What everybody may see, what its maker is told, and who comes to have the turn."""
    seats = {row.ref: row for row in _seats(market)}
    own = {"n": move.n, "type": move.type, "data": move.data.open()}
    everybody = {"n": move.n, "public": after.state.public, "deadline": stamped(after.state), "over": _over(after)}
    if haggles(market.mechanism):
        between = {**everybody, "by": mover(move), "type": own["type"], "data": own["data"]}
        between["turn"] = list(after.state.turn)
        if market.disclosure != Market.Disclosure.OWN_ONLY:
            yield streams.Entry(market.stream, "move.made", between, forwarded=False)
        yield from (streams.Entry(row.stream, "move.made", between, forwarded=False) for row in seats.values())
        for ref in set(after.state.turn) - set(before.state.turn):
            yield told(seats[ref].agent.ref, "turn.yours", _turn(market, after, ref))
        return
    yield streams.Entry(market.stream, "move.made", everybody, forwarded=False)
    was, now = before.state.private, after.state.private
    for ref, row in seats.items():
        made = {"move": own} if ref == mover(move) else {}
        if made or was.get(ref) != now.get(ref):
            private = {"n": move.n, **made, "private": now.get(ref, {})}
            yield streams.Entry(row.stream, "position.changed", private, forwarded=not made)


def _turn(market: Market, after: Table, ref: str) -> dict[str, Any]:
    kinds = [each["type"] for each in after.state.legal.get(ref, [])]
    return {"market": market.ref, "n": after.last, "legal": kinds, "deadline": stamped(after.state)}


def _over(table: Table) -> bool:
    return table.state.outcome is not None


def _seats(market: Market) -> Any:
    rows = Participation.objects.filter(market=market, state=Participation.State.ACTIVE)
    return rows.select_related("agent")
