"""Withdrawing a standing bid: decided in a group like a bid, under the same lock and by the same clock."""

from dataclasses import dataclass, field

from marketplace.agents.keys import Identity
from marketplace.bidding.models import Bid
from marketplace.bidding.seats import Place, Seat, Stored
from marketplace.core import tracing
from marketplace.core.refusals import Refusal, not_found
from marketplace.markets.terms import Terms


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The wish that a bid stand no more."""

    terms: Terms
    identity: Identity
    bid_ref: str
    cause: str = field(default_factory=tracing.cause)

    @property
    def place(self) -> Place:
        """Where the bid must be."""
        return self.terms.market_id, self.identity.agent_id


@dataclass(frozen=True, slots=True)
class NamedBid:
    """A bid that a withdrawal names, as its row has it."""

    stored: Stored
    bid_id: int
    place: Place
    status: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A bid to take back, with the seat that it leaves."""

    named: NamedBid
    seat: Seat

    @property
    def payload(self) -> str:
        """The event that its bidder's stream gets."""
        return f'{{"bid":"{self.named.stored.ref}"}}'


def named_bid(withdrawal: Withdrawal, named: NamedBid | None) -> NamedBid:
    """The bid that is meant; refused where it is not the caller's, or not in this market, or replaced before."""
    if named is None or named.place != withdrawal.place:
        raise not_found("bid", withdrawal.bid_ref)
    if named.status == Bid.Status.REPLACED:
        raise Refusal(
            409,
            "bid_replaced",
            f"The bid {named.stored.ref} was replaced by another.",
            "List your bids and withdraw the one whose status is accepted.",
        )
    return named
