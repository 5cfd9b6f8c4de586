"""Intervals: how far the mean of a measure would move with other markets of the same kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS, LEVEL = 2000, 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over markets and the interval about it; of one market there is none."""

    markets: int
    mean: float | None
    low: float | None
    high: float | None


def interval(values: Sequence[float], *, seed: int = 0, level: float = LEVEL, draws: int = DRAWS) -> Interval:
    """The percentile bootstrap of the mean, resampling whole markets: one value a market, nulls left out before.

    Reference: Efron, Bootstrap Methods: Another Look at the Jackknife, Annals of Statistics 7 (1979).

    Assumes: markets are independent draws from one population. Of one market there is no interval: null, never 0.
    """
    found = np.asarray(values, np.float64)
    if not len(found):
        return Interval(0, None, None, None)
    mean = float(found.mean())
    if len(found) == 1:
        return Interval(1, mean, None, None)
    rng = np.random.default_rng(seed)
    means = np.array([rng.choice(found, len(found)).mean() for _ in range(draws)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(len(found), mean, float(low), float(high))
