"""What an outcome's charges come to in money that a card can be charged."""

from marketplace.core.money import least_charge
from marketplace.markets.models import Market
from marketplace.settlement.services import MinorAmounts, minor_amounts
from mechanisms.types import Outcome


def outcome_amounts(market: Market, outcome: Outcome) -> MinorAmounts:
    """Units become minor units here and nowhere else; a charge too small for any card is not made."""
    triples = [(charge.payer, charge.payee, charge.amount) for charge in outcome.charges]
    return minor_amounts(triples, market.exponent, market.currency, least_minor=least_charge(market.currency))
