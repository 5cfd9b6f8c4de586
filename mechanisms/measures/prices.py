"""Prices by lot, units traded, and how far prices for the same thing lie apart."""

from __future__ import annotations

from math import sqrt

from mechanisms.measures.clearing import Clearing
from mechanisms.measures.registry import Found, measure


@measure(label="Price of a unit", unit="money", per="lot")
def price(clearing: Clearing) -> Found:
    """The price of one unit of a lot, where the rule has one price for it.

    Reference: Mas-Colell, Whinston and Green, Microeconomic Theory (1995), chapter 10.

    Assumes: nothing; it is the price charged.
    """
    return dict(clearing.outcome.prices) if clearing.sale else None


@measure(label="Units traded", unit="count", per="lot")
def traded(clearing: Clearing) -> Found:
    """Units of a lot that changed hands; each is counted once, also where both sides bid.

    Reference: Mas-Colell, Whinston and Green, Microeconomic Theory (1995), chapter 10.

    Assumes: nothing; it is what was awarded.
    """
    if not clearing.sale:
        return None
    lots: dict[str, list[int]] = {lot.id: [0, 0] for lot in clearing.problem.lots}
    for award in clearing.outcome.awards:
        for lot, quantity in award.bundle.items():
            lots[lot][quantity < 0] += abs(quantity)
    return {lot: max(both) for lot, both in lots.items()}


@measure(label="Price dispersion", unit="pure")
def price_dispersion(clearing: Clearing) -> Found:
    """The coefficient of variation (standard deviation over mean) of what winners pay per unit of the same lot,
    weighted by units and, over several lots, by each lot's units. Winners of bundles of several lots are left
    out; null where no lot has two winners.

    Reference: Baye, Morgan and Scholten, Information, Search, and Price Dispersion, in: Handbook of Economics and
    Information Systems (2006).

    Assumes: units of one lot are alike.
    """
    if not clearing.sale or any(award.position is not None for award in clearing.outcome.awards):
        return None
    lots: dict[tuple[str, bool], list[tuple[int, float]]] = {}
    for award in clearing.outcome.awards:
        if len(award.bundle) == 1:
            ((lot, quantity),) = award.bundle.items()
            paid = clearing.payments.get(award.agent, 0) / quantity
            lots.setdefault((lot, quantity < 0), []).append((abs(quantity), paid))
    spreads = [(sum(units for units, _ in sold), _variation(sold)) for sold in lots.values() if len(sold) > 1]
    known = [(units, spread) for units, spread in spreads if spread is not None]
    whole = sum(units for units, _ in known)
    return sum(units * spread for units, spread in known) / whole if whole else None


def _variation(sold: list[tuple[int, float]]) -> float | None:
    whole = sum(units for units, _ in sold)
    mean = sum(units * each for units, each in sold) / whole
    if mean == 0:
        return None
    return sqrt(sum(units * (each - mean) ** 2 for units, each in sold) / whole) / abs(mean)
