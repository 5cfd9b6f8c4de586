"""From the end of a haggle to its outcome: what was agreed, what it is worth by then, what is owed."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

from mechanisms.bargaining.settling import net
from mechanisms.decimals import Number
from mechanisms.haggling.play import Position, Terms
from mechanisms.haggling.types import Haggle, Struck
from mechanisms.moves import between
from mechanisms.types import Award, Charge

NINE = 9


def settle(problem: Haggle, terms: Terms, here: Position) -> Struck | None:
    """The outcome without its digest; None while it is not over."""
    if here.ended is None:
        return None
    agreed = dict(here.offer) if here.ended == "accept" and here.offer else None
    charges = net(_due(problem, agreed))
    paid = dict.fromkeys(problem.agents(), 0) if problem.transfers else {}
    for charge in charges:
        paid[charge.payer] += charge.amount
        paid[charge.payee] -= charge.amount
    return Struck(
        mechanism=problem.mechanism,
        status="disagreement" if agreed is None else "cleared",
        agreement=agreed,
        utilities=_utilities(problem, terms, here, agreed),
        awards=() if agreed is None else tuple(Award(name, {"agreement": 1}, own) for name, own in paid.items()),
        payments=paid,
        charges=charges,
        certificate={"grade": "exact", "round": here.round, "ended": here.ended},
    )


def owed(problem: Haggle, here: Position, party: str) -> int:
    """What the party pays, net, if its own standing offer is accepted, or by what was agreed; 0 of another's offer."""
    if here.offer is None or here.ended not in (None, "accept") or (here.ended is None and here.by != party):
        return 0
    due = _due(problem, dict(here.offer))
    return sum(charge.amount * ((charge.payer == party) - (charge.payee == party)) for charge in due)


def _due(problem: Haggle, agreed: dict[str, str | int] | None) -> list[Charge]:
    if agreed is None:
        return []
    return [Charge(t["payer"], t["payee"], int(agreed[t["issue"]])) for t in problem.transfers]


def _utilities(problem: Haggle, terms: Terms, here: Position, agreed: dict[str, str | int] | None) -> dict[str, Number]:
    """By party, where they were stated: of the agreement or the reservation, times the discount for each delay."""
    if not all(problem.parties.values()):
        return {}
    delay = max(0, here.round - 1)
    if terms.by_second:
        delay = between(str(problem.opened_at), str(here.at))
    with localcontext(prec=200):
        return {name: _utility(problem.parties[name], agreed, delay) for name in problem.agents()}


def _utility(party: dict[str, Any], agreed: dict[str, str | int] | None, delay: int) -> Number:
    worth = Decimal(party["reservation"])
    if agreed is not None:
        pairs = ((party["weights"][issue], party["values"][issue][str(value)]) for issue, value in agreed.items())
        worth = sum((Decimal(weight) * Decimal(value) for weight, value in pairs), Decimal(0))
    if "discount" in party and delay:
        with localcontext(prec=50):
            worth *= Decimal(party["discount"]) ** delay
        worth = Decimal(f"{worth:.{NINE - 1}e}")
    whole = worth.to_integral_value()
    return int(whole) if whole == worth else worth.normalize()
