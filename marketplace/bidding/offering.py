"""What is sent to a request instead of atoms: its buyer's worth, or a seller's offers with their asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.core import limits
from marketplace.core.money import amount_text
from marketplace.core.refusals import Refusal
from marketplace.markets.requests import NOTHING, Asked
from marketplace.markets.terms import Terms
from mechanisms.kinds import read_problem
from mechanisms.types import ProblemError

BUYERS, SELLERS = {"worth", "must"}, {"offers"}
FIX = "Correct it and send it with a new Idempotency-Key."


@dataclass(frozen=True, slots=True)
class Said:
    """The most, in units, that it can cost who sent it, and what it means in words."""

    most: int
    means: str


def read_said(stated: Mapping[str, Any], agent_id: int, terms: Terms, asked: Asked) -> Said:
    """A worth of the buyer, or offers of a seller. Raises Refusal with a pointer."""
    buying = agent_id == asked.buyer_id
    _refuse_misplaced(stated, buying)
    if buying:
        problem = _read(terms, asked, "/buyer", said=stated)
        most = max(0, problem.most())
        words = amount_text(most, terms.exponent, terms.currency)
        return Said(most, f"No offer is worth more than {words} to you; nobody who offers is told what is.")
    offers = stated["offers"]
    if isinstance(offers, list) and len(offers) > limits.OFFERS_PER_BID:
        raise _refused("too_many_pieces", f"A bid has at most {limits.OFFERS_PER_BID} offers.", "/offers")
    problem = _read(terms, asked, "/bids/0", bids=[{"agent": "seller", "offers": offers}])
    parts = [f"{one.id} for {amount_text(one.ask, terms.exponent, terms.currency)}" for one in problem.offers["seller"]]
    return Said(0, f"Offer {' or '.join(parts)}, or more." if parts else "Nothing.")


def _refuse_misplaced(stated: Mapping[str, Any], buying: bool) -> None:
    wanted, needed = (BUYERS, "worth") if buying else (SELLERS, "offers")
    for name in sorted(set(stated) - wanted):
        what = "You ask here: say worth, and must." if buying else "You offer here: say offers."
        raise _refused("not_your_side", f"{what} {name} is not for you.", f"/{name}")
    if needed not in stated:
        raise _refused("missing_field", f"Say {needed}.", f"/{needed}")


def _read(
    terms: Terms, asked: Asked, home: str, said: Mapping[str, Any] = NOTHING, bids: list[dict[str, Any]] | None = None
) -> Any:
    try:
        return read_problem(asked.problem(terms, "buyer", said, bids or []))
    except ProblemError as error:
        raise _refused(error.code, error.detail, error.pointer.removeprefix(home)) from None


def _refused(code: str, detail: str, pointer: str) -> Refusal:
    return Refusal(422, code, detail, FIX, pointer)
