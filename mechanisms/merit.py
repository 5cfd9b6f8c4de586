"""Merit order: orders of one side from the best, sorted only near the unit that matters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mechanisms.book import Book, Column, Rows
from mechanisms.rationing import ration

SAMPLE = 4096
SMALL = 4 * SAMPLE


class Merit(NamedTuple):
    """Rows by falling score with cumulative quantities; `before` units stand ahead of the first row.

    Rows far ahead of the unit that was asked for may be counted in `before` only, rows far behind it left out.
    """

    rows: Rows
    score: Column
    reached: Column
    before: int = 0

    def unit(self, number: int) -> int | None:
        """The score of the unit of that number, counted from the best; None past the last."""
        index = int(np.searchsorted(self.reached, number))
        return int(self.score[index]) if index < len(self.score) else None


def merit(score: Column, quantity: Column, rows: Rows, before: int = 0) -> Merit:
    """All of these rows in merit order; `score` and `quantity` (magnitudes) are aligned with `rows`."""
    order = np.argsort(-score)
    return Merit(rows[order], score[order], np.cumsum(quantity[order]) + before, before)


def merit_near(book: Book, number: int) -> Merit:
    """A one-sided book's merit order around the unit of that number, its next one included.

    A sample brackets the unit's score; only rows inside the bracket are sorted. Where the bracket turns out to miss the
    unit or the next one, everything is sorted.
    """
    score, quantity = book.score, np.abs(book.quantity)
    if len(score) > SMALL:
        low, high = _bracket(score, quantity, number)
        ahead = int(np.dot(score > high, quantity))
        inside = np.flatnonzero((score <= high) & (score >= low))
        found = merit(score[inside], quantity[inside], inside, ahead)
        if ahead < number and len(inside) and number < found.reached[-1]:
            return found
    return merit(score, quantity, np.arange(len(score)))


def _bracket(score: Column, quantity: Column, number: int) -> tuple[int, int]:
    """Scores between which the unit of that number should lie, from every so-manieth row."""
    step = len(score) // SAMPLE
    sample = np.arange(0, len(score), step)
    order = sample[np.argsort(-score[sample])]
    share = np.cumsum(quantity[order]) / max(1, int(quantity[order].sum()))
    wanted = number / max(1, int(quantity.sum()))
    first = int(np.searchsorted(share, wanted - 0.05))
    last = min(int(np.searchsorted(share, wanted + 0.05)), len(order) - 1)
    high = int(score[order[first]]) if wanted > 0.05 and first < len(order) else int(score.max())
    return int(score[order[last]]), high


class Standing(NamedTuple):
    """What the supply goes to: `filled` (signed), the last accepted score and the first rejected one."""

    filled: Column
    last: int | None
    rejected: int | None


def standing(book: Book, rationing: str) -> Standing:
    """The supply goes to the best scores at or above the floor; equals at the margin are rationed.

    `rejected` is the best unit left unfilled, None where none is at or above the floor.
    """
    if int(np.abs(book.quantity).sum()) <= book.supply:
        return _above_floor(book)
    order = merit_near(book, book.supply)
    last, following = order.unit(book.supply), order.unit(book.supply + 1)
    if last is None or last < book.floor:
        return _above_floor(book)
    filled = fill_to(book, book.score, book.supply, last, rationing)
    return Standing(filled, last, following if following is not None and following >= book.floor else None)


def _above_floor(book: Book) -> Standing:
    """Less is asked for at the floor than there is: all that meets it is filled."""
    good = book.score >= book.floor
    filled = np.where(good, book.quantity, 0)
    last = int(book.score[good].min()) if good.any() else None
    return Standing(filled, last, None)


def fill_to(book: Book, score: Column, number: int, margin: int, rationing: str) -> Column:
    """Fill all rows above the margin, and share what is left of `number` units among those at it; signed."""
    filled = book.quantity * (score > margin)
    at_margin = np.flatnonzero(score == margin)
    left = number - int(np.abs(filled).sum())
    filled[at_margin] = np.sign(book.quantity[at_margin]) * ration(book, at_margin, left, rationing)
    return filled
