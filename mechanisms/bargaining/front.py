"""The Pareto front of finitely many agreements."""

from __future__ import annotations

import numpy as np

from mechanisms.decimals import NARROW, Exact


def pareto_front(utility: Exact) -> np.ndarray:
    """Indices, rising, of the agreements (columns) that no other is at least as good for all and better for one.

    Agreements with the same utilities are all on the front or all off it. `utility` is parties x agreements, of exact
    numbers.
    """
    return np.sort(_of_two(utility) if len(utility) == 2 else _of_many(utility))


def _of_two(utility: Exact) -> np.ndarray:
    """By falling first utility, and within it by falling second: on the front is who raises the second."""
    first, second = utility
    order = np.lexsort((-second, -first)) if utility.dtype != object else np.array(_sorted(utility), np.intp)
    rising = np.maximum.accumulate(second[order])
    best = np.empty(len(order), bool)
    best[0] = True
    best[1:] = rising[1:] > rising[:-1]
    # Equals of a point on the front follow it directly.
    leader = np.maximum.accumulate(np.where(best, np.arange(len(order)), 0))
    same = (first[order] == first[order][leader]) & (second[order] == second[order][leader])
    return order[best | same]


def _sorted(utility: Exact) -> list[int]:
    return sorted(range(utility.shape[1]), key=lambda row: tuple(-value for value in utility[:, row]))


def _of_many(utility: Exact) -> np.ndarray:
    """The best sum is never beaten; what it beats goes, and so on with what is left."""
    most = max(int(np.abs(own).max()) for own in utility)
    wide = utility.astype(object) if most * len(utility) >= NARROW else utility
    left = np.argsort(-wide.sum(axis=0), kind="stable")
    front: list[np.ndarray] = []
    while len(left):
        lead = utility[:, left[0]][:, None]
        same = (utility[:, left] == lead).all(axis=0)
        front.append(left[same])
        left = left[~(same | (utility[:, left] <= lead).all(axis=0))]
    return np.concatenate(front)
