"""The best row and its best rival in about one pass, by the maxima of blocks."""

from __future__ import annotations

import numpy as np

from mechanisms.book import BLOCK, NEVER, Book, Rows


def best_rows(book: Book) -> tuple[int, Rows]:
    """The greatest score, and the rows that have it; `NEVER` and none in an empty book."""
    best = int(book.tops.max(initial=NEVER))
    starts = [int(block) * BLOCK for block in np.flatnonzero(book.tops == best)]
    rows = [np.flatnonzero(book.score[start : start + BLOCK] == best) + start for start in starts]
    return best, np.concatenate(rows) if rows else np.empty(0, np.intp)


def best_rival(book: Book, agent: int) -> int:
    """The greatest score among other agents' rows, `NEVER` where there is none; blocks too poor for it are skipped."""
    best = NEVER
    for block in np.argsort(-book.tops, kind="stable"):
        if book.tops[block] <= best:
            break
        rows = slice(block * BLOCK, (block + 1) * BLOCK)
        others = book.score[rows].copy()
        others[book.agent[rows] == agent] = NEVER
        best = max(best, int(others.max()))
    return best
