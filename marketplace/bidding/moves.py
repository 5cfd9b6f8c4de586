"""A move: checked and made under the market's lock, stored with its events, and told to whom the rule shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from marketplace.agents.keys import Identity
from marketplace.bidding.dealing import refuse_own_move
from marketplace.bidding.models import Move, Participation
from marketplace.bidding.participations import refuse_unless_open
from marketplace.bidding.recording import record
from marketplace.bidding.sealing import nonce_of
from marketplace.bidding.turns import Table, last_at, stated, table_of, turn_of
from marketplace.core import clock, limits, strict_json
from marketplace.core.idempotency import checked_key, fingerprint, key_hash, reused
from marketplace.core.money import minor_from_units, minor_text
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.markets.terms import Terms
from mechanisms.check.receipts import receipt_of
from mechanisms.types import ProblemError

# What a rule refuses because of how it stands now; the rest is wrong in itself.
STANDING = {
    *("over", "out_of_turn", "too_late", "wrong_number", "illegal_move", "not_active", "activity", "price_moved"),
    *("not_enough_left", "no_such_order", "self_trade", "bid_too_low"),
}
FIX = "Look at turn: make a move of one of the types in its legal, with data that fits the schema."


class MoveBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A move as an agent sends it; `n` is the number it is to have, where it counts only as an answer to the last."""

    type: str
    data: dict[str, Any] = {}
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A move that is stored, and where the market stands for its maker."""

    move: Move
    participation: str
    nonce: bytes
    turn: dict[str, Any]


def submit_move(*, value: Any, key: str | None, identity: Identity, terms: Terms) -> Made:
    """Make a move. Raises Refusal: out of turn, too late, outside of what is legal, over the limit, a key reused.

    The same key and body again change nothing; the move is told again, and how it stands now.
    """
    if not terms.spec.by_turns:
        fix = f"POST /api/v1/markets/{terms.ref}/bids/ instead."
        raise Refusal(409, "takes_no_moves", "This market takes sealed bids, no moves.", fix)
    body = strict_json.shaped(value, MoveBody)
    name = key_hash("move", terms.ref, identity.agent_ref, checked_key(key))
    mark = fingerprint(strict_json.canonical(value))
    with transaction.atomic():
        market = Market.objects.select_for_update().get(pk=terms.market_id)
        at = clock.now()
        known = Move.objects.select_related("participation").filter(key_hash=name).first()
        if known is not None:
            return _again(market, known, mark, name)
        refuse_unless_open(market.state, market.closes_at <= at, market.ref)
        seat, table = _seat(market, identity), _begun(market)
        refuse_own_move(terms, identity, body.data)
        _refuse_too_many(table, seat.ref)
        move = _row(market, seat, body, at)
        after = _advanced(table, move, seat, body, terms)
        move.key_hash, move.body_hash = name, mark
        content = strict_json.canonical({"type": body.type, "data": body.data})
        move.receipt = receipt_of(nonce_of(name), terms.ref, move.ref, seat.ref, content)
        record(market=market, move=move, before=table, after=after)
    return Made(move, seat.ref, nonce_of(name), turn_of(after, seat.ref))


def _again(market: Market, known: Move, mark: str, name: str) -> Made:
    if known.body_hash != mark:
        raise reused()
    assert known.participation is not None  # noqa: S101 - the clock's moves have no key
    ref, table = known.participation.ref, table_of(market)
    assert table is not None  # noqa: S101 - it has a move
    return Made(known, ref, nonce_of(name), turn_of(table, ref))


def _seat(market: Market, identity: Identity) -> Participation:
    rows = Participation.objects.filter(market=market, agent_id=identity.agent_id)
    seat = rows.exclude(state=Participation.State.REFUSED).select_related("agent__principal").first()
    if seat is not None and (seat.agent.stopped_at or seat.agent.principal.suspended_at):
        raise Refusal(409, "agent_stopped", "This agent was stopped for good.", "Make a new agent.")  # a key in memory
    if seat is None:
        join = f"POST /api/v1/markets/{market.ref}/participations/ with a limit_minor, then move."
        raise Refusal(403, "not_joined", "This agent has not joined the market.", join)
    if seat.state != Participation.State.ACTIVE:
        fix = "Wait for participation.active, then move."
        raise Refusal(409, "join_pending", "The joining is not complete yet.", fix)
    return seat


def _begun(market: Market) -> Table:
    table = table_of(market)
    if table is None:
        raise Refusal(409, "not_begun", "The other party has not joined yet.", "Wait for market.begun, then move.")
    return table


def _refuse_too_many(table: Table, ref: str) -> None:
    if table.made[ref] >= limits.MOVES_PER_PARTICIPATION:
        most = f"{limits.MOVES_PER_PARTICIPATION:,}"
        raise Refusal(409, "too_many_moves", f"One participant makes at most {most} moves.", "Wait for the end.")


def _row(market: Market, seat: Participation, body: MoveBody, at: datetime) -> Move:
    return Move(
        ref=new_ref("mov"),
        market=market,
        participation=seat,
        n=market.last_bid + 1 if body.n is None else body.n,
        type=body.type,
        data=body.data,
        at=at,
    )


def _advanced(table: Table, move: Move, seat: Participation, body: MoveBody, terms: Terms) -> Table:
    """The table after the move; refused by name where the rule or the limit does not allow it."""
    move.at = max(move.at, last_at(table))
    try:
        after = table.after(stated(move, seat.ref))
    except ProblemError as error:
        raise _refused(error, turn_of(table, seat.ref)) from None
    worst = minor_from_units(after.state.exposure(seat.ref), terms.exponent, terms.currency)
    if worst > seat.limit_minor:
        could, limit = (minor_text(amount, terms.currency) for amount in (worst, seat.limit_minor))
        detail = f"After this move you could owe {could}; your limit here is {limit}."
        raise Refusal(403, "over_limit", detail, "Offer or take less, or raise your limit first: POST raises/.")
    return after


def _refused(error: ProblemError, turn: Mapping[str, Any]) -> Refusal:
    """The rule's refusal, with what would be legal instead."""
    status = 409 if error.code in STANDING else 422
    pointer = {"/n": "/n", "/agent": None, "/at": None}.get(error.pointer, error.pointer)
    return Refusal(status, error.code, error.detail, FIX, pointer, extra={"turn": dict(turn)})
