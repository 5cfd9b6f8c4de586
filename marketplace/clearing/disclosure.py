"""What of an outcome is told to whom, as the market's disclosure allows."""

from typing import Any

import mechanisms
from marketplace.core.money import amount_text, least_charge, minor_from_units, percent_text
from marketplace.markets.models import Market, Round
from marketplace.markets.requests import asks
from mechanisms.types import Award, Problem

_BY_NAME = ("proof", "without", "core", "payments_exact")


def public_facts(market: Market, round_: Round, outcome: Any) -> dict[str, Any]:
    """What everybody may know of a cleared round; sums over all bids only where the market says so."""
    facts: dict[str, Any] = {
        "round": round_.ref,
        "n": round_.n,
        "status": outcome.status,
        "prices": prices_of(outcome),
        "prices_text": prices_text(market, outcome),
        "traded": _served(market, outcome) if asks(market.mechanism) else traded(outcome),
        "digest": outcome.digest,
        "disclosure": market.disclosure,
    }
    if market.disclosure != Market.Disclosure.OWN_ONLY:
        facts |= {
            name: getattr(outcome, name) for name in ("welfare", "revenue", "agreement") if hasattr(outcome, name)
        }
    return facts


def private_facts(market: Market, round_: Round, outcome: Any, agent: str) -> dict[str, Any]:
    """What one participant is told of its own result."""
    award = award_of(outcome, agent)
    payment = outcome.payments.get(agent, 0)
    return {
        "round": round_.ref,
        "status": outcome.status,
        "won": award is not None,
        "bundle": dict(award.bundle) if award else {},
        "payment": payment,
        "means": _payment_words(payment, market),
        **({"agreement": outcome.agreement} if hasattr(outcome, "agreement") else {}),
    }


def traded(outcome: Any) -> dict[str, int]:
    """Units that changed hands, by lot: what was bought, or in a buyer's market what was sold to it."""
    bought: dict[str, int] = {}
    sold: dict[str, int] = {}
    for award in outcome.awards if not hasattr(outcome, "agreement") else ():
        for lot, quantity in award.bundle.items():
            side = bought if quantity > 0 else sold
            side[lot] = side.get(lot, 0) + abs(quantity)
    return {lot: max(bought.get(lot, 0), sold.get(lot, 0)) for lot in sorted({*bought, *sold})}


def _served(market: Market, outcome: Any) -> dict[str, int]:
    """Of a request: whether what was asked for is bought; what the offer is called is between the two."""
    return dict.fromkeys(market.lots.values_list("name", flat=True), 1) if outcome.awards else {}


def prices_of(outcome: Any) -> dict[str, int]:
    """Prices by lot; a haggle's price is a value of its agreement, and between the two."""
    found: dict[str, int] = getattr(outcome, "prices", {})
    return found


def award_of(outcome: Any, agent: str) -> Award | None:
    """What this agent got, or None."""
    return next((award for award in outcome.awards if award.agent == agent), None)


def prices_text(market: Market, outcome: Any) -> dict[str, str]:
    """Prices spelled out."""
    return {lot: amount_text(price, market.exponent, market.currency) for lot, price in prices_of(outcome).items()}


def proven(outcome: Any) -> dict[str, Any]:
    """How well the result is proven, without the proofs: over bundles these say who bid for what, and are long."""
    return {name: told for name, told in outcome.certificate.items() if name not in _BY_NAME}


def curves(problem: Any) -> dict[str, Any]:
    """Supply and demand by lot, without names; of sealed auctions and exchanges only."""
    if not isinstance(problem, Problem):
        return {}
    return {lot.id: mechanisms.curves(problem, lot.id) for lot in problem.lots}


def _payment_words(payment: int, market: Market) -> str:
    amount = amount_text(abs(payment), market.exponent, market.currency)
    if payment == 0:
        return "You pay nothing."
    by_card = market.money != Market.Money.PREPAID
    if by_card and 0 < minor_from_units(payment, market.exponent, market.currency) < least_charge(market.currency):
        return f"You pay {amount}; that is less than a card can be charged, so it runs up on your balance."
    if payment > 0:
        return f"You pay {amount}."
    return f"You receive {amount}{', less the fee of ' + percent_text(market.fee_bp) if market.fee_bp else ''}."
