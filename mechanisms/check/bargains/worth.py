"""What shares are worth, and the most that a weighed sum of gains can be at given prices."""

from __future__ import annotations

from collections.abc import Mapping
from math import expm1, log, log1p
from typing import Any

from mechanisms.bargaining.types import Bargain

Numbers = Mapping[str, float]


def value(term: dict[str, Any], x: float) -> float:
    """The term's utility of x units."""
    kind = term["kind"]
    if kind == "piecewise":
        points = [(float(a), float(b)) for a, b in term["points"]]
        left = max((point for point in points if point[0] <= x), default=points[0])
        right = min((point for point in points if point[0] > x), default=left)
        return left[1] if right == left else left[1] + (x - left[0]) * (right[1] - left[1]) / (right[0] - left[0])
    times = float(term["coefficient"])
    if kind == "linear":
        return times * x
    if kind == "power":
        return float(times * x ** float(term["exponent"]))
    rate = float(term["rate"])
    return times * (log1p(rate * x) if kind == "log" else -expm1(-rate * x))


def surplus(term: dict[str, Any], times: float, price: float, most: float) -> float:
    """The greatest times * utility - price * x over 0 <= x <= most."""
    candidates = [0.0, most]
    if term["kind"] == "piecewise":
        candidates += [min(most, float(x)) for x, _ in term["points"]]
    elif price > 0 and times > 0:
        c, r = times * float(term["coefficient"]), float(term.get("rate", 1))
        if term["kind"] == "power" and term["exponent"] < 1 and c > 0:
            e = float(term["exponent"])
            # Compared in logarithms, for the power itself may be beyond all numbers.
            wanted = log(c * e / price) / (1 - e)
            candidates.append((c * e / price) ** (1 / (1 - e)) if most > 0 and wanted < log(most) else most)
        elif term["kind"] == "log":
            candidates.append(c / price - 1 / r)
        elif term["kind"] == "exponential" and c * r > price:
            candidates.append(log(c * r / price) / r)
    return max(times * value(term, x) - price * x for x in (min(most, max(0.0, x)) for x in candidates))


def bound(problem: Bargain, times: Numbers, prices: Numbers, stock: Numbers) -> float:
    """No shares of the stock among these parties have a greater sum of gains, weighed by `times` (weak duality)."""
    most = sum(max(0.0, prices.get(name, 0.0)) * amount for name, amount in stock.items())
    for name, slope in times.items():
        party = problem.parties[name]
        most -= slope * float(party["disagreement"])
        for term in party["terms"]:
            price = max(0.0, prices.get(term["resource"], 0.0))
            most += surplus(term, slope, price, stock.get(term["resource"], 0.0))
    return most


def gains(problem: Bargain, shares: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """What each party has by its shares above disagreement."""
    return {
        name: sum(value(t, max(0.0, float(shares[name].get(t["resource"], 0)))) for t in party["terms"])
        - float(party["disagreement"])
        for name, party in problem.parties.items()
    }


def whole_stock(problem: Bargain) -> dict[str, float]:
    """All there is of each resource."""
    return {name: float(amount) for name, amount in problem.resources.items()}
