"""Participations, bids, previews and proofs."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from marketplace.bidding.models import Bid as BidRow
from marketplace.bidding.models import Participation as Row
from marketplace.bidding.models import Raise as RaiseRow
from marketplace.doors.rest.shapes.common import Hash, Instant, Minor, Shape, one_of
from marketplace.doors.rest.shapes.previews import BidPieces
from marketplace.doors.rest.shapes.problems import Problem

Means = Annotated[str, Meta(description="the amount in words")]

Sibling = Annotated[list[str], Meta(min_length=2, max_length=2, description="left or right, and the sibling's hash")]


class Waiting(Shape, frozen=True, kw_only=True):
    """What has a limit, and may wait for the agent's person."""

    id: str
    market: str
    limit_minor: Minor
    means: Means
    closes_at: Instant
    checkin: str | UnsetType = UNSET
    answer_by: Instant | UnsetType = UNSET


class Participation(Waiting, frozen=True, kw_only=True):
    """The caller's joining of a market."""

    state: Annotated[str, one_of(state for state in Row.State.values if state != Row.State.REFUSED)]


class ParticipationPage(Shape, frozen=True, kw_only=True):
    """One at most."""

    participations: list[Participation]
    next_cursor: str | None


class Raise(Waiting, frozen=True, kw_only=True):
    """A higher limit; done once the larger hold stands."""

    participation: str
    state: Annotated[str, one_of(state for state in RaiseRow.State.values if state != RaiseRow.State.REFUSED)]


class OwnBid(Shape, frozen=True, kw_only=True):
    """A bid as its bidder reads it back: everything but its content."""

    id: str
    market: str
    participation: str
    status: Annotated[str, one_of(BidRow.Status.values)]
    receipt: Hash
    received_at: Instant


class OwnBidPage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    bids: list[OwnBid]
    next_cursor: str | None


class BidAcknowledged(OwnBid, frozen=True, kw_only=True):
    """The acknowledgement of a bid, once it is durable; the same for every repeat."""

    status: Annotated[str, one_of(["accepted"])]
    nonce: Annotated[Hash, Meta(description="keep it: it opens the receipt, and is told here alone")]
    means: Means
    compiled: Annotated[BidPieces, Meta(description="of a preference: the bid made of it")] | UnsetType = UNSET


class BidWithdrawn(OwnBid, frozen=True, kw_only=True):
    """The acknowledgement of a withdrawal; the same for every repeat."""

    status: Annotated[str, one_of(["withdrawn"])]


class BatchResult(Shape, frozen=True, kw_only=True):
    """What became of one bid: an acknowledgement, or a problem whose pointer starts at the batch."""

    status: int
    bid: BidAcknowledged | UnsetType = UNSET
    problem: Problem | UnsetType = UNSET


class BatchAnswer(Shape, frozen=True, kw_only=True):
    """`results` has one entry a bid, in the order sent."""

    accepted: int
    results: list[BatchResult]


class Proof(Shape, frozen=True, kw_only=True):
    """The way from a bid's receipt to the root that was published at the close."""

    market: str
    bid: str
    participation: str
    status: Annotated[str, one_of(BidRow.Status.values)]
    receipt: Hash
    proof: list[
        Annotated[list[str], Meta(min_length=2, max_length=2, description="left or right, and the sibling's hash")]
    ]
    root: Hash
