"""A program being written: columns and rows as they come, bounded."""

from __future__ import annotations

from collections.abc import Iterable

from mechanisms.errors import ProblemError
from mechanisms.programs import MAX_COLUMNS, MAX_ENTRIES, MAX_ROWS, Row

Entries = dict[int, int]


class Sheet:
    """Column 0 stands from the start; `pointer` is where the preference stands, for what is refused."""

    def __init__(self, reservation: int, pointer: str) -> None:
        self.columns: list[tuple[str | None, int]] = [(None, -reservation)]
        self.rows: list[Row] = []
        self.size = 0
        self.pointer = pointer

    def column(self, lot: str | None, worth: int) -> int:
        """A column more: its number."""
        if len(self.columns) >= MAX_COLUMNS:
            self._refuse()
        self.columns.append((lot, worth))
        return len(self.columns) - 1

    def row(self, room: int, *parts: Entries) -> None:
        """A row more: the parts, added up, within the room."""
        entries: Entries = {}
        for part in parts:
            for column, coefficient in part.items():
                entries[column] = entries.get(column, 0) + coefficient
        self.size += len(entries)
        if len(self.rows) >= MAX_ROWS or self.size > MAX_ENTRIES:
            self._refuse()
        self.rows.append(Row(room, tuple(sorted(entries.items()))))

    def _refuse(self) -> None:
        detail = "it comes to too many bundles, and as a program to too many columns or rows; narrow its musts"
        raise ProblemError("too_many_atoms", detail, f"{self.pointer}/want")


def ones(columns: Iterable[int]) -> Entries:
    """1 for each of them."""
    return dict.fromkeys(columns, 1)


def minus(columns: Iterable[int]) -> Entries:
    """-1 for each of them."""
    return dict.fromkeys(columns, -1)
