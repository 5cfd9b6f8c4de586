"""The best row and its best rival in about one pass, by the maxima of blocks."""

from __future__ import annotations

import numpy as np

from mechanisms.book import NEVER, Book, Column, Rows

BLOCK = 1 << 15


def best_rows(book: Book) -> tuple[int, Rows, Column]:
    """The greatest score, the rows that have it, and the maximum of each block of rows."""
    tops = _tops(book.score)
    best = int(tops.max(initial=NEVER))
    rows = [
        np.flatnonzero(book.score[i * BLOCK : (i + 1) * BLOCK] == best) + i * BLOCK
        for i in np.flatnonzero(tops == best)
    ]
    return best, np.concatenate(rows) if rows else np.empty(0, np.intp), tops


def _tops(score: Column) -> Column:
    whole = len(score) // BLOCK * BLOCK
    tops = score[:whole].reshape(-1, BLOCK).max(axis=1) if whole else score[:0]
    return np.append(tops, score[whole:].max()) if whole < len(score) else tops


def best_rival(book: Book, agent: int, tops: Column) -> int:
    """The greatest score among other agents' rows, `NEVER` where there is none; blocks too poor for it are skipped."""
    best = NEVER
    for block in np.argsort(-tops, kind="stable"):
        if tops[block] <= best:
            break
        rows = slice(block * BLOCK, (block + 1) * BLOCK)
        others = book.score[rows][book.agent[rows] != agent]
        best = max(best, int(others.max(initial=NEVER)))
    return best
