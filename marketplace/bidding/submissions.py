"""From a request's body to a submission that the committer can decide."""

from typing import Any

import msgspec

from marketplace.agents.keys import Identity
from marketplace.bidding.dealing import refuse_own_lots
from marketplace.bidding.offering import read_said
from marketplace.bidding.sealing import nonce_of
from marketplace.bidding.words import means
from marketplace.core import limits, strict_json, tracing
from marketplace.core.idempotency import checked_key, fingerprint, key_hash
from marketplace.core.money import minor_from_units
from marketplace.core.refusals import Refusal
from marketplace.markets.terms import Terms
from mechanisms.check.receipts import receipt_of
from mechanisms.types import Bid as MechanismBid
from mechanisms.types import ProblemError, read_bid

_FIX = "Correct the bid and send it with a new Idempotency-Key."


class BidBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A bid as an agent sends it: atoms, steps or a preference (or the id of a stored one), and what it replaces.

    To a request its buyer sends `worth` (and `must`), a seller `offers`.
    """

    atoms: Any = None
    steps: Any = None
    preference: Any = None
    budget: Any = None
    worth: Any = None
    must: Any = None
    offers: Any = None
    replaces: str | None = None


class CompiledBody(BidBody, frozen=True):
    """The same where a preference was compiled: perhaps to a program, which nobody sends."""

    program: Any = None


class Submission(msgspec.Struct, frozen=True):
    """A well-formed bid, ready to be decided under the market's lock."""

    terms: Terms
    identity: Identity
    replaces: str | None
    key_hash: str
    body_hash: str
    nonce: bytes
    content: bytes
    worst_minor: int
    means: str
    bid: MechanismBid
    compiled: dict[str, Any] | None = None
    cause: str = msgspec.field(default_factory=tracing.cause)

    def __repr__(self) -> str:
        """Where it belongs; what would tell the bid is left out, and so kept out of logs."""
        return f"Submission({self.terms.ref}, {self.identity.agent_ref}, {self.key_hash})"

    def receipt(self, bid_ref: str, participation_ref: str) -> str:
        """What commits to this bid and, without the nonce, tells nothing of it."""
        return receipt_of(self.nonce, self.terms.ref, bid_ref, participation_ref, self.content)


def read_submission(
    *, value: Any, key: str | None, identity: Identity, terms: Terms, compiled: dict[str, Any] | None = None
) -> Submission:
    """Check a parsed body against the market's terms; refused with a pointer where it does not fit.

    `compiled` is the body with atoms or a program in place of a preference. A repeat must come to the same: where the
    stored preference has changed meanwhile, its key is refused as used for another bid.
    """
    key = checked_key(key)
    body = strict_json.shaped(value, BidBody) if compiled is None else strict_json.shaped(compiled, CompiledBody)
    _refuse_too_many(body)
    if terms.spec.by_turns:
        fix = f"POST /api/v1/markets/{terms.ref}/moves/ instead."
        raise Refusal(409, "takes_no_bids", "This market is played in moves; it takes no sealed bids.", fix)
    stated = _stated(body)
    bid, most, words = _weighed(stated, identity, terms)
    name = key_hash("bid", terms.ref, identity.agent_ref, key)
    sent = value if compiled is None else {"sent": value, "compiled": stated}
    return Submission(
        terms=terms,
        identity=identity,
        content=strict_json.canonical(stated),
        worst_minor=minor_from_units(most, terms.exponent, terms.currency),
        replaces=body.replaces,
        key_hash=name,
        nonce=nonce_of(name),
        body_hash=fingerprint(strict_json.canonical(sent)),
        means=words,
        bid=bid,
        compiled=None if compiled is None else stated,
    )


def _weighed(stated: dict[str, Any], identity: Identity, terms: Terms) -> tuple[MechanismBid, int, str]:
    """The bid, the most in units that it can cost, and what it means; of a request it has no atoms and no steps."""
    if terms.asked is not None:
        said = read_said(stated, identity.agent_id, terms, terms.asked)
        return MechanismBid(agent=identity.agent_ref), said.most, said.means
    bid = _checked_bid(stated, identity, terms)
    refuse_own_lots(terms, identity, bid)
    return bid, terms.spec.worst_case(bid, terms.params), means(bid, terms)


def _checked_bid(stated: dict[str, Any], identity: Identity, terms: Terms) -> MechanismBid:
    try:
        bid = read_bid({"agent": identity.agent_ref, **stated}, terms.lots)
        terms.spec.check_bid(bid, terms.lots, terms.params)
    except ProblemError as error:
        raise Refusal(422, error.code, error.detail, _FIX, error.pointer) from None
    return bid


def _refuse_too_many(body: BidBody) -> None:
    for name, bound in (("atoms", limits.ATOMS_PER_BID), ("steps", limits.STEPS_PER_BID)):
        pieces = getattr(body, name)
        if isinstance(pieces, list) and len(pieces) > bound:
            raise Refusal(422, "too_many_pieces", f"A bid has at most {bound} {name}.", _FIX, f"/{name}")


def _stated(body: BidBody) -> dict[str, Any]:
    names = ("atoms", "steps", "budget", "worth", "must", "offers")
    stated = {name: getattr(body, name) for name in names}
    if isinstance(body, CompiledBody):
        stated["program"] = body.program
    return {name: part for name, part in stated.items() if part is not None}
