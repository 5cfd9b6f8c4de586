"""The one edge where an outcome's units become money that can be charged."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.core.money import charge_step, minor_from_units, split_largest_remainder

MARKET = "@market"  # the counterparty of two-sided rules


@dataclass(frozen=True, slots=True)
class MinorAmounts:
    """What each party pays or gets in minor units; collects + deficit = payouts + surplus + residue."""

    collects: dict[str, int]
    payouts: dict[str, int]
    surplus_minor: int
    residue_minor: int
    deficit_minor: int = 0


def minor_amounts(charges: Iterable[tuple[str, str, int]], exponent: int, currency: str) -> MinorAmounts:
    """An outcome's charges (payer, payee, units) as chargeable amounts, net per party.

    A payer is rounded down. Payees share what was collected for them by largest remainder; what the payers owe
    above that by the mechanism's rule is surplus, and what rounding leaves is residue. What payees are owed above
    what payers owe is a deficit, which somebody else pays in.
    """
    net = _net(charges)
    owing = {party: units for party, units in net.items() if units > 0}
    owed = {party: -units for party, units in net.items() if units < 0}
    excess = sum(owing.values()) - sum(owed.values())
    deficit = minor_from_units(max(0, -excess), exponent, currency)
    collects = {party: minor_from_units(units, exponent, currency) for party, units in owing.items()}
    collected = sum(collects.values()) + deficit
    pot = min(collected, minor_from_units(sum(owed.values()), exponent, currency))
    payouts = split_largest_remainder(pot, owed, charge_step(currency))
    paid = sum(payouts.values())
    surplus = min(collected - paid, minor_from_units(max(0, excess), exponent, currency))
    return MinorAmounts(_positive(collects), _positive(payouts), surplus, collected - paid - surplus, deficit)


def _net(charges: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    net: dict[str, int] = defaultdict(int)
    for payer, payee, units in charges:
        if units < 0:
            raise ValueError("a charge is not negative")
        net[payer] += units
        net[payee] -= units
    net.pop(MARKET, None)
    return net


def _positive(amounts: dict[str, int]) -> dict[str, int]:
    return {party: amount for party, amount in sorted(amounts.items()) if amount}
