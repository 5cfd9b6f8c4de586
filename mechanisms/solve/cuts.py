"""Rows beyond the packing's own: what every whole choice satisfies, or what is not to be found again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mechanisms.solve.packing import Column, Packing


@dataclass(frozen=True, eq=False)
class Cut:
    """Of `columns` at most `room`; each of `widening` that is taken allows one more."""

    columns: Column
    room: int = 1
    widening: Column = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def clique(self) -> bool:
        """Whether it says only that its columns exclude each other."""
        return self.room == 1 and not len(self.widening)


def another_than(packing: Packing, chosen: list[int]) -> Cut:
    """All whole choices but this one: one of its columns is out, or one is in that excludes none of them.

    A column that excludes one of them needs no place in the row, for with it one of them is out.
    """
    inside = np.zeros(packing.columns, bool)
    inside[chosen] = True
    beside = ~inside & ~packing.conflicts[inside].any(axis=0)
    return Cut(np.flatnonzero(inside), len(chosen) - 1, np.flatnonzero(beside))
