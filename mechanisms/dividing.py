"""Who is owed what of a bundle's payment when its lots have different owners, and sums split without a remainder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction

from mechanisms.bundles import Offer, Sale
from mechanisms.params import Splitting
from mechanisms.ties import by_priority
from mechanisms.types import Charge

MARKET = "@market"


def largest_remainder(amount: int, weights: Mapping[str, int], seed: str) -> dict[str, int]:
    """The amount split in proportion; what the floors leave goes to the largest remainders, ties by the tie rule."""
    total = sum(weights.values())
    exact = {name: Fraction(amount * weight, total) for name, weight in weights.items()}
    shares = {name: share.numerator // share.denominator for name, share in exact.items()}
    order = sorted(by_priority(seed, weights), key=lambda name: shares[name] - exact[name])
    for name in order[: amount - sum(shares.values())]:
        shares[name] += 1
    return shares


def by_lot(sale: Sale, offer: Offer, payment: int) -> dict[str, int]:
    """What of the payment belongs to each lot of the bundle: its reserves, then the rest by quantity (or weight).

    A buying market's reserves are what it would pay at most: there the payment goes in proportion to them, so that no
    buyer ever receives.
    """
    units = {lot: abs(quantity) for lot, quantity in offer.bundle}
    if sale.buying:
        limits = {lot: sale.lots[lot].reserve * count for lot, count in units.items()}
        return {lot: -part for lot, part in largest_remainder(-payment, limits, sale.problem.seed).items()}
    kept = {lot: sale.lots[lot].reserve * count for lot, count in units.items()}
    weights = sale.params.weights if isinstance(sale.params, Splitting) and sale.params.split == "weights" else None
    shares = {lot: count * (weights or {}).get(lot, 1) for lot, count in units.items()}
    rest = largest_remainder(payment - sum(kept.values()), shares, sale.problem.seed)
    return {lot: kept[lot] + rest[lot] for lot in units}


def charges_of(sale: Sale, won: Mapping[str, Offer], payments: Mapping[str, int]) -> tuple[Charge, ...]:
    """Who owes whom, net by pair: each lot's owner, or the market in a two-sided rule."""
    net: dict[tuple[str, str], int] = defaultdict(int)
    for agent, payment in payments.items():
        if agent not in won or sale.two_sided:
            net[agent, MARKET] += payment
            continue
        for lot, part in by_lot(sale, won[agent], payment).items():
            owner = sale.lots[lot].buyer if sale.buying else sale.lots[lot].seller
            net[agent, owner or MARKET] += part
    pairs = [(agent, owner, n) if n > 0 else (owner, agent, -n) for (agent, owner), n in net.items()]
    return tuple(Charge(*pair) for pair in sorted(pairs) if pair[2])
