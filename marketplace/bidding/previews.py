"""What a bid would do, said without storing anything."""

from typing import Any

from marketplace.agents.keys import Identity
from marketplace.bidding.books import Books, refuse_unfit
from marketplace.bidding.cautions import warnings_of
from marketplace.bidding.models import Bid, Participation
from marketplace.bidding.preferred import Preferred, compiled_bid, refuse_empty, told_in
from marketplace.bidding.seats import MarketRow, Seat
from marketplace.bidding.submissions import Submission, read_submission
from marketplace.core import clock
from marketplace.core.ladder import rung_above
from marketplace.core.money import minor_text
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.markets.money import fee_words
from marketplace.markets.terms import Terms

ANY_KEY = "preview"  # a preview stores nothing, so that it needs no key of its own
SEND = "Send it to bids/ as it is."


def preview_bid(*, value: Any, identity: Identity, terms: Terms) -> dict[str, Any]:
    """Check a parsed body as a bid is checked, and say what would become of it now.

    A body that is no bid, and a market that takes none, are refused as the bid would be. What the caller can still
    mend (not joined, over its limit, another bid standing) is told in `would` and `next`.
    """
    preferred = None
    if "preference" in value:
        preferred = compiled_bid(value=value, identity=identity, terms=terms)
    body = preferred.body if preferred else None
    submission = read_submission(value=value, key=ANY_KEY, identity=identity, terms=terms, compiled=body)
    books = _read_books(submission)
    limit, standing, refusal = _judged(books, submission)
    if preferred is not None and refusal is None:
        refusal = _nothing(preferred)
    worst = submission.worst_minor
    told = {} if preferred is None else {"preference": told_in(preferred, terms)}
    return told | {
        "market": terms.ref,
        "means": submission.means,
        "worst_case_minor": worst,
        "worst_case": f"You could be charged at most {minor_text(worst, terms.currency)}.",
        "fee": fee_words(Market.objects.get(pk=terms.market_id)) or None,
        "limit_minor": limit,
        "within_limit": None if limit is None else worst <= limit,
        "limit_needed_minor": rung_above(worst) if terms.sealed else worst,
        "standing": standing,
        "would": refusal.code if refusal else "accepted",
        "warnings": warnings_of(submission, limit),
        "closes_at": clock.stamp(books.markets[terms.market_id].closes_at),
        "server_time": clock.stamp(books.at),
        "next": refusal.next if refusal else SEND,
    }


def _nothing(preferred: Preferred) -> Refusal | None:
    try:
        refuse_empty(preferred)
    except Refusal as refusal:
        return refusal
    return None


def _judged(books: Books, submission: Submission) -> tuple[int | None, str | None, Refusal | None]:
    """The limit and the standing bid, where there are any, and what the bid would be refused with."""
    try:
        seat = books.seat_for(submission)
    except Refusal as refusal:
        if refusal.code == "market_not_open":
            raise
        return None, None, refusal
    try:
        refuse_unfit(submission, seat)
    except Refusal as refusal:
        return seat.limit_minor, seat.standing_ref, refusal
    return seat.limit_minor, seat.standing_ref, None


def _read_books(submission: Submission) -> Books:
    """The books as they stand now, read without a lock: a preview promises nothing."""
    market_id, agent_id = submission.terms.market_id, submission.identity.agent_id
    market = Market.objects.get(pk=market_id)
    row = MarketRow(market.ref, market.state, market.closes_at, market.last_bid)
    rows = Participation.objects.filter(market_id=market_id, agent_id=agent_id)
    joined = rows.exclude(state=Participation.State.REFUSED).first()
    seats = {(market_id, agent_id): _seat(joined)} if joined else {}
    return Books(at=clock.now(), markets={market_id: row}, seats=seats, known={})


def _seat(row: Participation) -> Seat:
    bid = Bid.objects.filter(participation=row, status=Bid.Status.ACCEPTED).first()
    standing = (bid.pk, bid.ref) if bid else (None, None)
    return Seat(row.pk, row.ref, row.state, row.limit_minor, 0, *standing)
