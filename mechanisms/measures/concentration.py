"""How evenly money and surplus are spread."""

from __future__ import annotations

from collections.abc import Iterable

from mechanisms.measures.clearing import BUYERS, SELLERS, Clearing
from mechanisms.measures.registry import Found, measure


@measure(label="Herfindahl-Hirschman index of a side", unit="pure", per="side")
def hhi(clearing: Clearing) -> Found:
    """The sum of squared shares of the money that winners of one side pay or receive; 1 is one firm alone.
    Agencies quote it times 10,000. Of one-sided rules there is the bidders' side only; null where no money flows.

    Reference: Hirschman, The Paternity of an Index, American Economic Review 54 (1964).

    Assumes: money paid is the size of a share.
    """
    if not clearing.sale:
        return None
    paid = [amount for amount in clearing.payments.values() if amount > 0]
    received = [-amount for amount in clearing.payments.values() if amount < 0]
    sides = {BUYERS: _squares(paid), SELLERS: _squares(received)}
    if clearing.two_sided or not clearing.auction:
        return sides
    own = SELLERS if clearing.buying else BUYERS
    return {own: sides[own]}


@measure(label="Gini coefficient of surplus by reports", unit="pure")
def reported_gini(clearing: Clearing) -> Found:
    """The Gini coefficient of bidders' reported surplus, losers included; 0 is equal, near 1 is all to one.
    Null where nobody has a surplus, or somebody's is negative.

    Reference: Gini, Variabilità e mutabilità (1912); Sen, On Economic Inequality (1973).

    Assumes: private values, quasilinear; surplus can be compared between bidders.
    """
    return _gini(clearing.reported.values()) if clearing.auction else None


def _squares(amounts: list[int]) -> float | None:
    whole = sum(amounts)
    return sum((amount / whole) ** 2 for amount in amounts) if whole else None


def _gini(amounts: Iterable[int]) -> float | None:
    ordered = sorted(amounts)
    whole, count = sum(ordered), len(ordered)
    if not whole or ordered[0] < 0:
        return None
    return sum((2 * place - count - 1) * amount for place, amount in enumerate(ordered, start=1)) / (count * whole)
