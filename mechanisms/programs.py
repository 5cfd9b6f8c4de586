"""A bid as a small integer program: what a preference comes to where its bundles are too many to list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct

from mechanisms.errors import ProblemError
from mechanisms.fields import read_int, read_list, read_object

MAX_COLUMNS = 2048
MAX_ROWS = 2048
MAX_ENTRIES = 16_384
MAX_COEFFICIENT = 10**6
MAX_WORTH = 10**12


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """Over the columns taken the sum of `entries` (column, coefficient) is at most `room`."""

    room: int
    entries: tuple[tuple[int, int], ...]


class Program(Struct, frozen=True, forbid_unknown_fields=True):
    """Columns to take or leave: each a unit of a lot, or (None) only a switch, with what it adds to the worth.

    A choice has column 0 or nothing, and keeps every row (nothing always does: no room is below 0). It asks for the
    units of its columns and is worth the sum of what they add, but no more than `most`. A bundle is worth the best such
    choice, and is wanted if that is positive.
    """

    columns: tuple[tuple[str | None, int], ...]
    rows: tuple[Row, ...]
    most: int

    def lots(self) -> set[str]:
        """What it may ask for."""
        return {lot for lot, _ in self.columns if lot is not None}

    def bundle(self, chosen: Iterable[int]) -> tuple[tuple[str, int], ...]:
        """The units of these columns, by lot."""
        lots = (self.columns[column][0] for column in chosen)
        return tuple(sorted(Counter(lot for lot in lots if lot is not None).items()))

    def to_dict(self) -> dict[str, Any]:
        """JSON values: rows as `[room, [[column, coefficient], ...]]`."""
        rows = [[row.room, [list(entry) for entry in row.entries]] for row in self.rows]
        return {"columns": [list(column) for column in self.columns], "rows": rows, "most": self.most}


def read_program(data: Any, lots: Collection[str], pointer: str) -> Program:
    """A program from JSON values; raises ProblemError with a pointer."""
    fields = read_object(data, pointer, ("columns", "rows", "most"))
    columns = _bounded(fields["columns"], f"{pointer}/columns", 1, MAX_COLUMNS)
    rows = _bounded(fields["rows"], f"{pointer}/rows", 0, MAX_ROWS)
    read = tuple(_column(one, lots, f"{pointer}/columns/{n}") for n, one in enumerate(columns))
    if read[0][0] is not None or read[0][1] > 0:
        detail = "column 0 is a switch that every choice takes: [null, 0] or less"
        raise ProblemError("no_presence", detail, f"{pointer}/columns/0")
    program = Program(
        columns=read,
        rows=tuple(_row(one, len(columns), f"{pointer}/rows/{n}") for n, one in enumerate(rows)),
        most=read_int(fields["most"], f"{pointer}/most", 0, MAX_WORTH),
    )
    if sum(len(row.entries) for row in program.rows) > MAX_ENTRIES:
        raise ProblemError("too_many_pieces", f"a program has at most {MAX_ENTRIES} entries", f"{pointer}/rows")
    return program


def _bounded(data: Any, pointer: str, least: int, most: int) -> list[Any]:
    found = read_list(data, pointer)
    if not least <= len(found) <= most:
        raise ProblemError("too_many_pieces", f"expected {least} to {most} of these", pointer)
    return found


def _pair(data: Any, pointer: str) -> tuple[Any, Any]:
    if not isinstance(data, list | tuple) or len(data) != 2:
        raise ProblemError("not_a_pair", "a JSON array of two belongs here", pointer)
    return data[0], data[1]


def _column(data: Any, lots: Collection[str], pointer: str) -> tuple[str | None, int]:
    lot, worth = _pair(data, pointer)
    if lot is not None and (not isinstance(lot, str) or lot not in lots):
        raise ProblemError("unknown_lot", f"there is no lot {lot!r}", f"{pointer}/0")
    return lot, read_int(worth, f"{pointer}/1", -MAX_WORTH, MAX_WORTH)


def _row(data: Any, columns: int, pointer: str) -> Row:
    room, stated = _pair(data, pointer)
    entries: dict[int, int] = {}
    for n, one in enumerate(read_list(stated, f"{pointer}/1")):
        column, coefficient = _pair(one, f"{pointer}/1/{n}")
        place = read_int(column, f"{pointer}/1/{n}/0", 0, columns - 1)
        if place in entries:
            raise ProblemError("duplicate_id", "a row names each column once", f"{pointer}/1/{n}/0")
        entries[place] = read_int(coefficient, f"{pointer}/1/{n}/1", -MAX_COEFFICIENT, MAX_COEFFICIENT)
    most = MAX_COEFFICIENT * MAX_COLUMNS
    return Row(read_int(room, f"{pointer}/0", 0, most), tuple(sorted(entries.items())))


def exposure_of(program: Program) -> tuple[int, int]:
    """How many units it can ask for in all, and the largest amount in it."""
    return len(program.columns), max(program.most, *(abs(worth) for _, worth in program.columns))


def size_of(program: Program) -> int:
    """Columns or rows, whichever are more."""
    return max(len(program.columns), len(program.rows))
