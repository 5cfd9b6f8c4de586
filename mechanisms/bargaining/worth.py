"""What a share of a resource is worth by a term of utility."""

from __future__ import annotations

from itertools import pairwise
from math import exp, log
from typing import Any


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
    return coefficient * (log(1 + rate * share) if kind == "log" else 1 - exp(-rate * share))


def _between(points: list[list[Any]], share: float) -> float:
    for (x, low), (beyond, high) in pairwise(points):
        if share <= beyond:
            return float(low) + (float(high) - float(low)) * (share - float(x)) / (float(beyond) - float(x))
    return float(points[-1][1])


def slope(term: dict[str, Any], share: float) -> tuple[float, float]:
    """First and second derivative of `worth` at a share above 0; at a corner of pieces, of the piece before it."""
    kind = term["kind"]
    if kind == "piecewise":
        for (x, low), (beyond, high) in pairwise(term["points"]):
            if share <= beyond:
                return (float(high) - float(low)) / (float(beyond) - float(x)), 0.0
        return 0.0, 0.0
    coefficient = float(term["coefficient"])
    if kind == "linear":
        return coefficient, 0.0
    if kind == "power":
        exponent, share = float(term["exponent"]), max(share, 1e-30)
        first = coefficient * exponent * share ** (exponent - 1)
        return first, first * (exponent - 1) / share
    rate = float(term["rate"])
    if kind == "log":
        return coefficient * rate / (1 + rate * share), -coefficient * (rate / (1 + rate * share)) ** 2
    return coefficient * rate * exp(-rate * share), -coefficient * rate**2 * exp(-rate * share)
