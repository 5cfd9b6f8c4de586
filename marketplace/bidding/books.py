"""One group of bids and withdrawals, decided: what becomes of each, and what is to be written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from marketplace.bidding.models import Bid, Participation
from marketplace.bidding.participations import refuse_unless_open
from marketplace.bidding.sealing import sealer
from marketplace.bidding.seats import MarketRow, Place, Seat, Stored
from marketplace.bidding.submissions import Submission
from marketplace.bidding.withdrawals import NamedBid, Withdrawal, Withdrawn, named_bid
from marketplace.core.idempotency import reused
from marketplace.core.money import minor_text
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal, not_found

Act = Submission | Withdrawal


class Decision(msgspec.Struct, frozen=True):
    """What became of one act: a stored bid (new, known or withdrawn), a refusal, or neither yet."""

    bid: Stored | None = None
    refusal: Refusal | None = None


class NewBid(msgspec.Struct, frozen=True):
    """A bid to write, with the seat that it takes."""

    submission: Submission
    stored: Stored
    seat: Seat
    seq: int
    sealed: bytes

    @property
    def payload(self) -> str:
        """The event that its bidder's stream gets."""
        return f'{{"bid":"{self.stored.ref}","receipt":"{self.stored.receipt}"}}'


@dataclass(slots=True)
class Books:
    """Everything read once under the locks; `new`, `replaced` and `withdrawn` is what the group writes."""

    at: datetime
    markets: dict[int, MarketRow]
    seats: dict[Place, Seat]
    known: dict[str, Stored]
    named: dict[str, NamedBid] = field(default_factory=dict)
    new: list[NewBid] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)
    withdrawn: list[Withdrawn] = field(default_factory=list)

    def decide(self, acts: Sequence[Act]) -> list[Decision]:
        """Decide each act alone, in the order given."""
        return [self._decide(act) for act in acts]

    def last_bids(self) -> dict[int, int]:
        """The markets that got bids, with the number of their last one."""
        touched = {bid.submission.terms.market_id for bid in self.new}
        return {market_id: self.markets[market_id].last_bid for market_id in sorted(touched)}

    def _decide(self, act: Act) -> Decision:
        try:
            return self._withdrawn(act) if isinstance(act, Withdrawal) else self._bid(act)
        except Refusal as refusal:
            return Decision(refusal=refusal)

    def _bid(self, submission: Submission) -> Decision:
        known = self.known.get(submission.key_hash)
        if known is not None:
            return Decision(_repeated(known, submission))
        seat = self.seat_for(submission)
        if seat.used:
            return Decision()
        refuse_unfit(submission, seat)
        return Decision(self._accept(submission, self.markets[submission.terms.market_id], seat))

    def _withdrawn(self, withdrawal: Withdrawal) -> Decision:
        """A bid withdrawn before is withdrawn still, also after the close."""
        named = named_bid(withdrawal, self.named.get(withdrawal.bid_ref))
        if named.status == Bid.Status.WITHDRAWN:
            return Decision(named.stored)
        seat = self.seat_for(withdrawal)
        if seat.used:
            return Decision()
        self.withdrawn.append(Withdrawn(named, seat))
        seat.used = True
        return Decision(named.stored)

    def seat_for(self, act: Act) -> Seat:
        """The seat that the act's agent bids from; refused where the market or the joining does not allow it."""
        market = self.markets[act.terms.market_id]
        refuse_unless_open(market.state, market.closes_at <= self.at, market.ref)
        return self._seat(act)

    def _seat(self, act: Act) -> Seat:
        seat = self.seats.get((act.terms.market_id, act.identity.agent_id))
        if seat is not None and seat.state == Participation.State.ACTIVE:
            return seat
        join = f"POST /api/v1/markets/{act.terms.ref}/participations/ with a limit_minor, then bid."
        if seat is None:
            raise Refusal(403, "not_joined", "This agent has not joined the market.", join)
        raise Refusal(
            409, "join_pending", "The joining is not complete yet.", "Wait for participation.active, then bid."
        )

    def _accept(self, submission: Submission, market: MarketRow, seat: Seat) -> Stored:
        market.last_bid += 1
        ref = new_ref("bid")
        stored = Stored(ref, submission.receipt(ref, seat.ref), self.at, seat.ref, submission.body_hash)
        sealed = sealer.seal(submission.terms, submission.nonce, submission.content)
        self.new.append(NewBid(submission, stored, seat, market.last_bid, sealed))
        if seat.standing_id is not None:
            self.replaced.append(seat.standing_id)
        seat.used = True
        self.known[submission.key_hash] = stored
        return stored


def _repeated(known: Stored, submission: Submission) -> Stored:
    if known.body_hash != submission.body_hash:
        raise reused()
    return known


def refuse_unfit(submission: Submission, seat: Seat) -> None:
    """Refuse a bid that its seat does not bear: over the limit, or beside a bid that stands."""
    _refuse_over_limit(submission, seat)
    _refuse_second(submission, seat)


def _refuse_over_limit(submission: Submission, seat: Seat) -> None:
    if submission.worst_minor <= seat.limit_minor:
        return
    currency = submission.terms.currency
    worst, limit = (minor_text(amount, currency) for amount in (submission.worst_minor, seat.limit_minor))
    raise Refusal(
        403,
        "over_limit",
        f"This bid could cost {worst}; the participation's limit is {limit}.",
        "Bid less; the limit stands as you joined with it.",
    )


def _refuse_second(submission: Submission, seat: Seat) -> None:
    """One standing bid a participation: a further one must name the one it replaces."""
    if submission.replaces == seat.standing_ref:
        return
    if submission.replaces is not None:
        raise not_found("bid", submission.replaces)
    raise second_bid(str(seat.standing_ref))


def second_bid(standing: str) -> Refusal:
    """The refusal of a bid beside one that stands."""
    return Refusal(
        409,
        "bid_stands",
        f"The bid {standing} stands already.",
        f'Send "replaces": "{standing}" to replace it.',
        extra={"standing": standing},
    )
