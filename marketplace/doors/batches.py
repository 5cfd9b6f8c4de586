"""Many bids in one request, each decided alone: for who bids for many agents, and knows their keys."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from marketplace.agents import keys
from marketplace.agents.keys import Identity
from marketplace.bidding.answers import bid_answer
from marketplace.bidding.books import Decision
from marketplace.bidding.intake import committer
from marketplace.bidding.submissions import BidBody, Submission, read_submission
from marketplace.core import idempotency, limits, strict_json
from marketplace.core.rates import rates
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import Answer, compiled_body, find_terms, refused, said
from marketplace.doors.threads import in_thread
from marketplace.markets.terms import Terms

BATCH_BOUNDS = (limits.BATCH_BYTES, limits.JSON_DEPTH + 3)
TURN = 25  # bids read before others have their turn in the event loop
_bound, _identify_all = in_thread(idempotency.bind), in_thread(keys.identify_all)


class BatchItem(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One bid, made by the agent whose key stands beside it; without one, by the agent that sends the batch."""

    bid: Any
    agent_key: str | None = None


class BatchBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The bids, in the order in which their results come back."""

    bids: list[BatchItem]


class StatedItem(msgspec.Struct, frozen=True):
    """An item as the schema draws it."""

    bid: BidBody
    agent_key: str | None = None


class StatedBatch(msgspec.Struct, frozen=True):
    """The body as the schema draws it; a bid is checked alone, so that a bad one costs no other its place."""

    bids: list[StatedItem]


async def answer(raw: bytes, headers: Mapping[str, str], identity: Identity, market_ref: str) -> Answer:
    """A batch in a request's body; `headers` have lower-case names."""
    try:
        value = strict_json.parse_object(raw, *BATCH_BOUNDS)
        return await answer_batch(value, headers.get("idempotency-key"), identity, market_ref)
    except Refusal as refusal:
        return refused(refusal)


async def answer_batch(value: Any, key: str | None, identity: Identity, market_ref: str) -> Answer:
    """What became of each bid, once all that are accepted are durable. Raises Refusal for the batch as a whole.

    The key is bound to the body first. Each bid has a key of its own made from it, so that a repeat is answered from
    the rows; what was refused is decided again, as for a single bid.
    """
    identity.refuse_without("trade")
    key, items = idempotency.checked_key(key), _items(value)
    terms = await find_terms(market_ref)
    await _bind(identity.agent_ref, f"/markets/{terms.ref}/bid-batches/", key, value)
    name = idempotency.key_hash("batch", terms.ref, identity.agent_ref, key)[:32]
    read = await _read(items, name, await _identities(items, identity), terms)
    good = [submission for submission in read if isinstance(submission, Submission)]
    decisions = iter(await committer.decide_all(good))
    results = [
        _result(n, item, next(decisions) if isinstance(item, Submission) else Decision(refusal=item))
        for n, item in enumerate(read)
    ]
    return said(200, {"accepted": sum("bid" in result for result in results), "results": results})


def _items(value: Any) -> list[BatchItem]:
    items = strict_json.shaped(strict_json.as_object(value), BatchBody).bids
    if not 0 < len(items) <= limits.BATCH_BIDS:
        detail = f"A batch has 1 to {limits.BATCH_BIDS} bids; this one has {len(items)}."
        raise Refusal(422, "batch_size", detail, "Send more requests, or a bid in each.", "/bids")
    return items


async def _bind(caller: str, path: str, key: str, value: Any) -> None:
    body_hash = idempotency.fingerprint(strict_json.canonical(value))
    await _bound(caller=caller, path=path, key=key, body_hash=body_hash)


async def _identities(items: Sequence[BatchItem], own: Identity) -> dict[str | None, Identity | Refusal]:
    """Who makes each bid, by the key beside it; keys that memory does not hold are looked up together."""
    given = {item.agent_key for item in items if item.agent_key is not None}
    held = {key: keys.cached(keys.digest_of(key)) for key in given}
    found: dict[str | None, Identity | Refusal] = {None: own}
    found.update({key: identity for key, identity in held.items() if identity is not None})
    missing = [key for key, identity in held.items() if identity is None]
    if missing:
        found.update(await _identify_all(missing))
    return found


async def _read(
    items: Sequence[BatchItem], name: str, identities: Mapping[str | None, Identity | Refusal], terms: Terms
) -> list[Submission | Refusal]:
    read: list[Submission | Refusal] = []
    for n, item in enumerate(items):
        if n % TURN == TURN - 1:
            await asyncio.sleep(0)
        try:
            read.append(await _submission(item, f"{name}.{n}", identities[item.agent_key], terms))
        except Refusal as refusal:
            read.append(refusal)
    return read


async def _submission(item: BatchItem, key: str, identity: Identity | Refusal, terms: Terms) -> Submission:
    if isinstance(identity, Refusal):
        raise identity
    rates.take(identity.key_ref).refuse_over()
    identity.refuse_without("trade")
    value = strict_json.as_object(item.bid)
    body = await compiled_body(value, identity, terms)
    return read_submission(value=value, key=key, identity=identity, terms=terms, compiled=body)


def _result(n: int, item: Submission | Refusal, decision: Decision) -> dict[str, Any]:
    if decision.bid is not None and isinstance(item, Submission):
        return {"status": 201, "bid": bid_answer(decision.bid, item)}
    refusal = decision.refusal or RuntimeError("a decision without a bid or a refusal")
    if not isinstance(refusal, Refusal):
        raise refusal
    document = refusal.document()
    if refusal.pointer is not None:
        document["pointer"] = f"/bids/{n}/bid{refusal.pointer}"
    return {"status": refusal.status, "problem": document}
