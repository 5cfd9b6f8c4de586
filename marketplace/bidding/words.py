"""A bid in words, with the money spelled out: dollars sent as cents are noticed here."""

from typing import Any

from marketplace.core.money import amount_text
from marketplace.markets.terms import Terms
from mechanisms.types import Bid


def means(bid: Bid, terms: Terms) -> str:
    """The sentence that goes into acknowledgements and previews."""
    if bid.program is not None:
        most = amount_text(bid.worst_case(), terms.exponent, terms.currency)
        return f"Buy the best for you of the bundles that your preference wants, for at most {most} in all."
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
