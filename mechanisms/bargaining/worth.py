"""What shares of resources are worth by the terms of a party's utility."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import expm1, log1p
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mechanisms.bargaining.types import Bargain


def worth(term: dict[str, Any], share: float) -> float:
    """Utility of `share` units (at least 0)."""
    kind = term["kind"]
    if kind == "piecewise":
        return _between(term["points"], share)
    coefficient = float(term["coefficient"])
    if kind == "linear":
        return coefficient * share
    if kind == "power":
        return float(coefficient * share ** float(term["exponent"]))
    rate = float(term["rate"])
    return coefficient * (log1p(rate * share) if kind == "log" else -expm1(-rate * share))


def _between(points: list[list[Any]], share: float) -> float:
    for (x, low), (beyond, high) in pairwise(points):
        if share <= beyond:
            return float(low) + (float(high) - float(low)) * (share - float(x)) / (float(beyond) - float(x))
    return float(points[-1][1])


def utilities(problem: Bargain, shares: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Each party's utility of its shares, by its terms."""
    return {
        name: sum(worth(term, own.get(term["resource"], 0.0)) for term in problem.parties[name]["terms"])
        for name, own in shares.items()
    }
