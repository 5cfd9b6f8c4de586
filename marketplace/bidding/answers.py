"""What a bidder is told of its participation and its bids."""

from typing import Any

from marketplace.bidding.models import Bid, Participation
from marketplace.core import clock
from marketplace.core.money import amount_text, minor_text
from marketplace.markets.terms import Terms
from mechanisms.types import Bid as MechanismBid


def participation_answer(participation: Participation, terms: Terms) -> dict[str, Any]:
    """A participation, with its limit in words."""
    return {
        "id": participation.ref,
        "market": terms.ref,
        "state": participation.state,
        "limit_minor": participation.limit_minor,
        "means": f"You can be charged at most {minor_text(participation.limit_minor, terms.currency)}.",
    }


def bid_answer(bid: Bid, participation_ref: str, terms: Terms, means: str) -> dict[str, Any]:
    """The acknowledgement of a bid; the same for every repeat of the same request."""
    return {
        "id": bid.ref,
        "market": terms.ref,
        "participation": participation_ref,
        "status": "accepted",
        "receipt": bid.receipt,
        "received_at": clock.stamp(bid.at),
        "means": means,
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


def means(bid: MechanismBid, terms: Terms) -> str:
    """A bid in words, with the money spelled out: dollars sent as cents are noticed here."""
    parts = [_atom_words(atom, terms) for atom in bid.atoms or ()] + [
        _step_words(step, terms) for step in bid.steps or ()
    ]
    joint = "; or ".join(parts) if bid.atoms else "; ".join(parts)
    return (joint[:1].upper() + joint[1:] + ".") if joint else "Nothing."


def _atom_words(atom: Any, terms: Terms) -> str:
    goods = ", ".join(f"{abs(quantity)} {lot}" for lot, quantity in sorted(dict(atom.bundle).items()))
    amount = amount_text(abs(atom.value), terms.exponent, terms.currency)
    return f"sell {goods} for at least {amount}" if atom.value < 0 else f"buy {goods} for at most {amount}"


def _step_words(step: Any, terms: Terms) -> str:
    price = amount_text(step.price, terms.exponent, terms.currency)
    act, bound = ("sell", "at least") if step.quantity < 0 else ("buy", "at most")
    return f"{act} {abs(step.quantity)} {step.lot} for {bound} {price} each"
