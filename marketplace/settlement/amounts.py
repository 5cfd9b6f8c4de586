"""The one edge where an outcome's units become money that can be charged."""

from collections.abc import Iterable
from dataclasses import dataclass

MARKET = "@market"


@dataclass(frozen=True, slots=True)
class MinorAmounts:
    """What each party pays or gets in minor units; collects = payouts + surplus + residue."""

    collects: dict[str, int]
    payouts: dict[str, int]
    surplus_minor: int
    residue_minor: int


def minor_amounts(charges: Iterable[tuple[str, str, int]], exponent: int, currency: str) -> MinorAmounts:
    """An outcome's charges (payer, payee, units) as chargeable amounts."""
    raise NotImplementedError
