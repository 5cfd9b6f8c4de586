"""Things by number, never changed: each addition makes a new table that shares all but a few short rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

BITS = 4
WIDTH = 1 << BITS
EMPTY: tuple[Any, ...] = (None,) * WIDTH


class Numbered(NamedTuple):
    """A tree of rows of `WIDTH`, `height` rows deep below its root; numbers from 0, None where there is nothing."""

    height: int = 0
    root: tuple[Any, ...] = EMPTY

    def put(self, number: int, value: Any) -> Numbered:
        """With that value at the number; None takes it away."""
        height, root = self
        while number >> (BITS * (height + 1)):
            height, root = height + 1, (root, *EMPTY[1:])
        return Numbered(height, _put(root, height * BITS, number, value))

    def get(self, number: int) -> Any:
        """The value at the number, None where there is none."""
        height, row = self
        if number < 0 or number >> (BITS * (height + 1)):
            return None
        for shift in range(height * BITS, -1, -BITS):
            if row is None:
                return None
            row = row[(number >> shift) & (WIDTH - 1)]
        return row

    def each(self) -> Iterator[Any]:
        """The values, by rising number."""
        return _each(self.root, self.height)


def _put(row: tuple[Any, ...] | None, shift: int, number: int, value: Any) -> tuple[Any, ...]:
    row = EMPTY if row is None else row
    at = (number >> shift) & (WIDTH - 1)
    inner = _put(row[at], shift - BITS, number, value) if shift else value
    return (*row[:at], inner, *row[at + 1 :])


def _each(row: tuple[Any, ...], height: int) -> Iterator[Any]:
    for inner in row:
        if inner is not None:
            yield from _each(inner, height - 1) if height else (inner,)
