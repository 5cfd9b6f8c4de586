"""Going through a large table in blocks that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mechanisms.decimals import Exact

BLOCK = 1 << 14


def best_within(table: Exact, score: Callable[[Exact], np.ndarray], share: float, margin: float = 0) -> np.ndarray:
    """Columns whose float score is within a share of the best score (which is not negative), or within a margin."""
    size = table.shape[1]
    scores = np.empty(size)
    tops = []
    for start in range(0, size, BLOCK):
        block = scores[start : start + BLOCK]
        block[:] = score(table[:, start : start + BLOCK])
        tops.append(block.max())
    line = max(tops) * (1 - share) - margin
    starts = [index * BLOCK for index, top in enumerate(tops) if top >= line]
    return np.concatenate([start + np.flatnonzero(scores[start : start + BLOCK] >= line) for start in starts])
