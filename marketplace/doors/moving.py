"""Moves, answered alike at every door: read, made in a thread under the market's lock, told with whose turn it is."""

from collections.abc import Mapping
from typing import Any

from marketplace.agents.keys import Identity
from marketplace.bidding.move_answers import move_answer
from marketplace.bidding.moves import submit_move
from marketplace.core import limits, strict_json
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import Answer, find_terms, refused, said
from marketplace.doors.threads import in_thread
from marketplace.markets.terms import Terms

_waiting = 0  # moves that this process is deciding now


async def answer(raw: bytes, headers: Mapping[str, str], identity: Identity, market_ref: str) -> Answer:
    """A move in a request's body; `headers` have lower-case names."""
    try:
        value = strict_json.parse_object(raw)
        return await answer_move(value, headers.get("idempotency-key"), identity, market_ref)
    except Refusal as refusal:
        return refused(refusal)


async def answer_move(value: Any, key: str | None, identity: Identity, market_ref: str) -> Answer:
    """A parsed move; the answer leaves when it is durable. Raises Refusal."""
    global _waiting
    identity.refuse_without("trade")
    terms = await find_terms(market_ref)
    if _waiting >= limits.MOVES_WAITING:
        raise Refusal(429, "intake_busy", "Too many moves are waiting.", "Send the same request again soon.")
    _waiting += 1
    try:
        return said(201, await _made(strict_json.as_object(value), key, identity, terms))
    finally:
        _waiting -= 1


@in_thread
def _made(value: dict[str, Any], key: str | None, identity: Identity, terms: Terms) -> dict[str, Any]:
    return move_answer(submit_move(value=value, key=key, identity=identity, terms=terms), terms)
