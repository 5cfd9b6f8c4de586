"""What shares are worth and what they use: concave gains and convex uses of one variable each, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


# The highest degree of a use.
STEEP = 12.0


class Curve(NamedTuple):
    """Values at a point with first and second derivatives."""

    value: Floats
    slope: Floats
    bend: Floats


class Curves:
    """One variable h >= 0 for each term of utility: its gain, and how much of its resource it uses.

    `linear` times h; `log` times ln(1 + rate h); `exponential` times (1 - exp(-rate h)): these use h. A `power`, times
    x^rate of a share x, has a slope without bound at 0; there h^d = x, with d = 1/rate, or STEEP where that is less:
    neither the gain nor the use is then far from straight.
    """

    def __init__(self, kinds: Sequence[str], times: Sequence[float] | Floats, rates: Sequence[float] | Floats) -> None:
        kind = np.array(kinds)
        self.times, self.rates = np.array(times, float), np.array(rates, float)
        self._bent = [(name, np.flatnonzero(kind == name)) for name in ("log", "exponential", "power") if name in kinds]
        self._straight = np.flatnonzero(kind == "linear")
        self._powers = np.flatnonzero(kind == "power")
        self._degrees = np.minimum(1 / self.rates[self._powers], STEEP)
        self.rates[self._powers] *= self._degrees
        # How far a variable may grow in one step, as a part of itself: a power is not straight for longer.
        self.trusted = np.full(len(kind), np.inf)
        self.trusted[self._powers] = 1.5 / self._degrees
        self._ones, self._zeros = np.ones(len(kind)), np.zeros(len(kind))

    def gain(self, point: Floats) -> Curve:
        """What each variable gains its owner."""
        if len(self._bent) == 1 and not len(self._straight):
            return _bent(self._bent[0][0], point, self.times, self.rates)
        value, slope, bend = np.zeros((3, len(point)))
        times = self.times[self._straight]
        value[self._straight], slope[self._straight] = times * point[self._straight], times
        for name, own in self._bent:
            value[own], slope[own], bend[own] = _bent(name, point[own], self.times[own], self.rates[own])
        return Curve(value, slope, bend)

    def use(self, point: Floats) -> Curve:
        """How much of its resource each variable uses."""
        if not len(self._powers):
            return Curve(point, self._ones, self._zeros)
        value, slope, bend = point.copy(), self._ones.copy(), self._zeros.copy()
        own, degree = point[self._powers], self._degrees
        value[self._powers] = own**degree
        slope[self._powers] = degree * own ** (degree - 1)
        bend[self._powers] = degree * (degree - 1) * own ** (degree - 2)
        return Curve(value, slope, bend)

    def start(self, share: Floats) -> Floats:
        """The variables at which these shares are used."""
        point = share.copy()
        point[self._powers] **= 1 / self._degrees
        return point


def _bent(name: str, point: Floats, times: Floats, rates: Floats) -> Curve:
    if name == "power":
        value = times * point**rates
        slope = rates * value / point
        return Curve(value, slope, (rates - 1) * slope / point)
    if name == "log":
        inner = 1 + rates * point
        slope = times * rates / inner
        return Curve(times * np.log1p(rates * point), slope, -slope * rates / inner)
    left = np.exp(-rates * point)
    slope = times * rates * left
    return Curve(-times * np.expm1(-rates * point), slope, -rates * slope)
