"""The points that solutions pick among finitely many agreements: floats narrow them down, integers decide.

Each function takes gains (parties x agreements), int64 or Python integers of one scale per party, and gives the indices
of all its maximisers. A product or ratio of two doubles is off by a few parts in 10^16; whatever is within BAND of the
best is compared exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

import numpy as np

from mechanisms.bargaining.blocks import best_within
from mechanisms.decimals import Exact

BAND = 1e-11
Floats = np.ndarray


def nash_rows(gain: Exact, weights: Sequence[int] | None = None) -> np.ndarray:
    """Indices of the greatest product of gains, each to the power of its whole weight (Nash 1950; Kalai 1977).

    Gains are at least 0, and some agreement has them all above 0.
    """
    powers = [1] * len(gain) if weights is None else list(weights)
    if set(powers) == {1} and len(gain) <= 10:
        near = best_within(gain, _product, BAND)
    else:
        near = best_within(gain, lambda block: _logarithms(block, powers), 0, 1e-9 * sum(powers))
    exact = np.ones(len(near), object)
    for own, power in zip(gain, powers, strict=True):
        exact = exact * own[near].astype(object) ** power
    return near[exact == exact.max()]


def _product(block: Exact) -> Floats:
    product = block[0].astype(np.float64)
    for own in block[1:]:
        product *= own.astype(np.float64, copy=False)
    return product


def _logarithms(block: Exact, powers: Sequence[int]) -> Floats:
    with np.errstate(divide="ignore"):
        return np.array(powers, np.float64) @ np.log(block.astype(np.float64))


def leximin_rows(gain: Exact, ideal: Sequence[int] | None = None) -> np.ndarray:
    """Indices of the lexicographic max-min of gains, or of gains over ideal gains (Imai 1983).

    With `ideal`, the discrete Kalai-Smorodinsky solution (1975); without, the egalitarian one (Kalai 1977).
    """
    near = best_within(gain, lambda block: _least(block, ideal), BAND)
    exact = gain[:, near].astype(object)
    if ideal is not None:
        common = lcm(*ideal)
        exact = exact * np.array([[common // top] for top in ideal], object)
    exact.sort(axis=0)
    kept = np.arange(len(near))
    for level in exact:
        kept = kept[level[kept] == level[kept].max()]
    return near[kept]


def _least(block: Exact, ideal: Sequence[int] | None) -> Floats:
    least = None
    for index, own in enumerate(block):
        share = own.astype(np.float64)
        if ideal is not None:
            share /= ideal[index]
        least = share if least is None else np.minimum(least, share, out=least)
    if least is None:
        raise ValueError("no parties")
    return least


def utilitarian_rows(utility: Exact, weights: Sequence[int] | None = None) -> np.ndarray:
    """Indices of the greatest weighted sum of utilities."""
    powers = [1] * len(utility) if weights is None else list(weights)
    most = sum(
        power * max(abs(int(own.max())), abs(int(own.min()))) for power, own in zip(powers, utility, strict=True)
    )
    total = np.zeros(utility.shape[1], np.int64 if most < 2**62 and utility.dtype == np.int64 else object)
    for power, own in zip(powers, utility, strict=True):
        total = total + power * own.astype(total.dtype, copy=False)
    return np.flatnonzero(total == total.max())


def closest_ratio_rows(utility: Exact, front: np.ndarray) -> np.ndarray:
    """Of two parties' Pareto front, the indices with the least |uA / max A - uB / max B| of raw utilities."""
    most = [int(own.max()) for own in utility]
    one, other = (utility[index][front].astype(object) * most[1 - index] for index in (0, 1))
    distance = np.abs(one - other)
    return front[distance == distance.min()]
