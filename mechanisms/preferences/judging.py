"""A preference judged on lots: which of them each item admits, and what each is worth alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from mechanisms.preferences.reading import Preference
from mechanisms.preferences.tables import Mask, Table
from mechanisms.preferences.wants import Across, Item

_NOTHING = np.zeros(0, np.int64)


class Judged(Struct, frozen=True):
    """One item on one table: `admitted` lots meet every must and have a worth that can be said (`worth`, in units)."""

    item: Item
    table: Table | None
    admitted: NDArray[np.int64]
    worth: Any

    @property
    def names(self) -> list[str]:
        """The ids of the lots admitted."""
        return [self.table.names[place] for place in self.admitted.tolist()] if self.table else []

    def supply(self, place: int) -> int:
        """How many units of the lot the item may have: what there is, and no more than it wants."""
        return min(self.units_there(place), self.item.at_most)

    def units_there(self, place: int) -> int:
        """How many units there are as far as the lot says: its supply, or any number with two sides."""
        if self.table is None:
            return 0
        supply = self.table.lots[int(self.admitted[place])].supply
        return 1 if supply is None else supply or 2**62


def judge(preference: Preference, tables: Mapping[str, Table]) -> dict[str, Judged]:
    """Every item on the table of its category."""
    return {name: judge_item(item, tables.get(item.category.name)) for name, item in preference.items.items()}


def judge_item(item: Item, table: Table | None) -> Judged:
    """One item; nothing is admitted where no lot is of its category."""
    if table is None or table.category != item.category:
        return Judged(item, None, _NOTHING, _NOTHING)
    worth, known = table.worth(item.worth)
    admitted = np.flatnonzero(table.all_hold(item.must) & known)
    return Judged(item, table, admitted, worth[admitted])


_COMPARE: dict[str, Any] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}


def matches(across: Across, judged: Mapping[str, Judged]) -> Mask:
    """Admitted lots of `across.item` by those of `across.other_item`: which pairs meet it (missing values: none)."""
    mine, yours = judged[across.item], judged[across.other_item]
    if mine.table is None or yours.table is None:
        return np.zeros((len(mine.admitted), len(yours.admitted)), bool)
    left, left_there = (part[mine.admitted] for part in mine.table.column(across.attribute))
    right, right_there = (part[yours.admitted] for part in yours.table.column(across.other))
    if across.attribute.type == "text":
        left, right = _shared_codes(mine, yours, across)
    pairs = _COMPARE[across.comparison](left[:, None], right[None, :])
    found: Mask = np.logical_and(pairs, left_there[:, None] & right_there[None, :])
    return found


def _shared_codes(mine: Judged, yours: Judged, across: Across) -> tuple[Any, Any]:
    """Texts of two tables under one numbering."""
    codes: dict[Any, int] = {}

    def numbered(side: Judged, name: str) -> Any:
        rows: Sequence[dict[str, Any]] = side.table.rows if side.table else []
        return np.array([codes.setdefault(rows[place].get(name), len(codes)) for place in side.admitted.tolist()])

    return numbered(mine, across.attribute.name), numbered(yours, across.other.name)
