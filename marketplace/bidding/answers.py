"""What a bidder is told of its participation and its bids."""

from typing import Any

from marketplace.bidding.models import Bid, Participation, Raise
from marketplace.bidding.seats import Stored
from marketplace.bidding.submissions import Submission
from marketplace.core import clock
from marketplace.core.money import minor_text
from marketplace.mandates.models import CheckIn
from marketplace.markets.terms import Terms


def participation_answer(participation: Participation, terms: Terms) -> dict[str, Any]:
    """A participation, with its limit in words."""
    return {
        "id": participation.ref,
        "market": terms.ref,
        "state": participation.state,
        "limit_minor": participation.limit_minor,
        "means": f"You can be charged at most {minor_text(participation.limit_minor, terms.currency)}.",
        "closes_at": clock.stamp(participation.market.closes_at),
        **_asked(participation.ref, participation.state),
    }


def raise_answer(row: Raise, terms: Terms) -> dict[str, Any]:
    """A raise, with the limit that it leads to in words."""
    return {
        "id": row.ref,
        "market": terms.ref,
        "participation": row.participation.ref,
        "state": row.state,
        "limit_minor": row.limit_minor,
        "means": f"Once it is done, you can be charged at most {minor_text(row.limit_minor, terms.currency)}.",
        "closes_at": clock.stamp(row.participation.market.closes_at),
        **_asked(row.ref, row.state),
    }


def _asked(ref: str, state: str) -> dict[str, Any]:
    """The check-in that something waits for."""
    if state != Participation.State.ASKING:
        return {}
    row = CheckIn.objects.filter(waiting=ref).latest("pk")
    return {"checkin": row.ref, "answer_by": clock.stamp(row.answer_by)}


def bid_answer(bid: Stored, submission: Submission) -> dict[str, Any]:
    """The acknowledgement of a bid, with the nonce behind its receipt; the same for every repeat of the request.

    Of a preference it also tells the bid that was made of it, whose bytes the receipt covers.
    """
    return {
        "id": bid.ref,
        "market": submission.terms.ref,
        "participation": bid.participation_ref,
        "status": "accepted",
        "receipt": bid.receipt,
        "nonce": submission.nonce.hex(),
        "received_at": clock.stamp(bid.at),
        "means": submission.means,
    } | ({} if submission.compiled is None else {"compiled": submission.compiled})


def withdrawn_answer(bid: Stored, terms: Terms) -> dict[str, Any]:
    """The acknowledgement of a withdrawal; the same for every repeat."""
    return {
        "id": bid.ref,
        "market": terms.ref,
        "participation": bid.participation_ref,
        "status": "withdrawn",
        "receipt": bid.receipt,
        "received_at": clock.stamp(bid.at),
    }


def standing_answer(bid: Bid, participation_ref: str, market_ref: str) -> dict[str, Any]:
    """A bid as its own bidder reads it back: everything but its content."""
    return {
        "id": bid.ref,
        "market": market_ref,
        "participation": participation_ref,
        "status": bid.status,
        "receipt": bid.receipt,
        "received_at": clock.stamp(bid.at),
    }
