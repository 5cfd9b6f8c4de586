"""What an outcome's charges come to in money that a card can be charged."""

from typing import Any

from marketplace.markets.models import Market
from marketplace.settlement.services import MinorAmounts, minor_amounts


def outcome_amounts(market: Market, outcome: Any) -> MinorAmounts:
    """Units become minor units here and nowhere else."""
    triples = [(charge.payer, charge.payee, charge.amount) for charge in outcome.charges]
    return minor_amounts(triples, market.exponent, market.currency)
