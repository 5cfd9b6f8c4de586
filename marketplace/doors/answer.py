"""One answer for every door: the same status and the same bytes, whoever carries them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from marketplace.agents.keys import Identity
from marketplace.bidding.answers import bid_answer, withdrawn_answer
from marketplace.bidding.intake import committer
from marketplace.bidding.preferred import compiled_bid, refuse_empty
from marketplace.bidding.submissions import read_submission
from marketplace.bidding.withdrawals import Withdrawal
from marketplace.core import strict_json
from marketplace.core.refusals import CONTENT_TYPE, Refusal, not_found
from marketplace.doors.threads import in_thread
from marketplace.doors.together import Together
from marketplace.markets.terms import Terms, all_terms, known_terms

JSON = "application/json"


class Answer(NamedTuple):
    """What leaves through a door."""

    status: int
    headers: dict[str, str]
    body: bytes


def said(status: int, body: Any) -> Answer:
    """A JSON answer."""
    return Answer(status, {"content-type": JSON}, msgspec.json.encode(body))


def refused(refusal: Refusal) -> Answer:
    """A refusal as an answer; a 401 says which scheme it wants, a 429 when to come back."""
    headers = {"content-type": CONTENT_TYPE}
    if refusal.status == 401:
        headers["www-authenticate"] = "Bearer"
    if refusal.status in (429, 503):
        headers["retry-after"] = str(refusal.extra.get("retry_after", 1))
    if refusal.code == "rate_limited":
        headers |= {"ratelimit-remaining": "0", "ratelimit-reset": headers["retry-after"]}
    return Answer(refusal.status, headers, refusal.encoded())


async def answer(raw: bytes, headers: Mapping[str, str], identity: Identity, market_ref: str) -> Answer:
    """A bid in a request's body; `headers` have lower-case names."""
    try:
        value = strict_json.parse_object(raw)
        return await answer_bid(value, headers.get("idempotency-key"), identity, market_ref)
    except Refusal as refusal:
        return refused(refusal)


async def answer_bid(value: Any, key: str | None, identity: Identity, market_ref: str) -> Answer:
    """A parsed bid, decided by the committer; the answer leaves when it is durable. Raises Refusal."""
    identity.refuse_without("trade")
    terms = await find_terms(market_ref)
    value = strict_json.as_object(value)
    body = await compiled_body(value, identity, terms)
    submission = read_submission(value=value, key=key, identity=identity, terms=terms, compiled=body)
    decision = await committer.decide(submission)
    if decision.bid is None:
        raise decision.refusal or RuntimeError("a decision without a bid or a refusal")
    return said(201, bid_answer(decision.bid, submission))


async def compiled_body(value: dict[str, Any], identity: Identity, terms: Terms) -> dict[str, Any] | None:
    """A bid's body with atoms in place of its preference, None where it has none. Raises Refusal.

    It computes and reads rows, so it happens away from the event loop.
    """
    if "preference" not in value:
        return None
    return await _compiled(value, identity, terms)


@in_thread
def _compiled(value: dict[str, Any], identity: Identity, terms: Terms) -> dict[str, Any]:
    preferred = compiled_bid(value=value, identity=identity, terms=terms)
    refuse_empty(preferred)
    return preferred.body


async def answer_replacement(value: Any, key: str | None, identity: Identity, market_ref: str, bid_ref: str) -> Answer:
    """A bid that replaces the one in the address: the same as one that names it in `replaces`."""
    stated = strict_json.as_object(value)
    if stated.get("replaces", bid_ref) != bid_ref:
        detail = f"The address replaces {bid_ref[:64]!r}, the body another bid."
        raise Refusal(422, "replaces_differs", detail, "Leave replaces out of the body.", "/replaces")
    return await answer_bid(stated | {"replaces": bid_ref}, key, identity, market_ref)


async def answer_withdrawal(bid_ref: str, identity: Identity, market_ref: str) -> Answer:
    """A withdrawal, decided by the committer like a bid; a repeat gets the same answer. Raises Refusal."""
    identity.refuse_without("trade")
    terms = await find_terms(market_ref)
    decision = await committer.decide(Withdrawal(terms, identity, bid_ref))
    if decision.bid is None:
        raise decision.refusal or RuntimeError("a decision without a bid or a refusal")
    return said(200, withdrawn_answer(decision.bid, terms))


@in_thread
def _terms(refs: Sequence[str]) -> dict[str, Terms | Refusal]:
    found = all_terms(refs)
    return {ref: found.get(ref) or not_found("market", ref) for ref in refs}


_unknown: Together[Terms] = Together(_terms)


async def find_terms(market_ref: str) -> Terms:
    """The market's terms, from memory where this process has met it. Raises Refusal."""
    return known_terms(market_ref) or await _unknown.find(market_ref)
