"""Lots of one category as columns of whole numbers, and conditions and worths judged on whole columns at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanisms.bids import Lot
from mechanisms.errors import ProblemError
from mechanisms.preferences.attributes import Attribute, Category
from mechanisms.preferences.conditions import Condition, Leaf
from mechanisms.preferences.worths import Choice, Curve, Rate, Term, Worth

Mask = NDArray[np.bool_]
Numbers = NDArray[Any]  # int64, or Python integers where a product could pass 2^62
SAFE = 2**55  # of one term, so that the sum of all of them stays within int64


class Table:
    """`lots` of `category` with their attributes as `rows`; every preference is judged on the same columns."""

    def __init__(self, category: Category, lots: Sequence[Lot], rows: Sequence[dict[str, Any]]) -> None:
        self.category = category
        self.lots = tuple(lots)
        self.names = [lot.id for lot in lots]
        self.rows = list(rows)
        self._columns: dict[str, tuple[NDArray[np.int64], Mask]] = {}
        self._codes: dict[str, dict[str, int]] = {}

    def joined(self, other: Table) -> Table:
        """These lots and then the other's, none of them read again."""
        return Table(self.category, [*self.lots, *other.lots], [*self.rows, *other.rows])

    def __len__(self) -> int:
        return len(self.lots)

    def column(self, attribute: Attribute) -> tuple[NDArray[np.int64], Mask]:
        """The attribute's values (0 where it is missing; text as codes of this table), and where it is there."""
        name = attribute.name
        if name not in self._columns:
            values = [row.get(name) for row in self.rows]
            there = np.fromiter((value is not None for value in values), bool, len(values))
            if attribute.type == "text":
                codes = self._codes[name] = {}
                values = [None if value is None else codes.setdefault(value, len(codes)) for value in values]
            self._columns[name] = np.array([value or 0 for value in values], np.int64), there
        return self._columns[name]

    def code(self, attribute: Attribute, value: Any) -> int:
        """The number under which the value stands in its column; -1 for a text that no lot has."""
        if attribute.type != "text":
            return int(value)
        self.column(attribute)
        return self._codes[attribute.name].get(value, -1)

    def all_hold(self, conditions: Sequence[Condition]) -> Mask:
        """Where every one of them holds."""
        found = np.ones(len(self), bool)
        for condition in conditions:
            found &= self.holds(condition)
        return found

    def holds(self, condition: Condition) -> Mask:
        """For each lot whether it meets the condition."""
        if isinstance(condition, Leaf):
            return self._compared(condition)
        parts = [self.holds(part) for part in condition.parts]
        if len(parts) == 1:
            return parts[0]
        found: Mask = (np.logical_and if condition.every else np.logical_or).reduce(parts)
        return found

    def _compared(self, leaf: Leaf) -> Mask:
        values, there = self.column(leaf.attribute)
        if leaf.busy is not None:
            ends, ended = self.column(leaf.until or leaf.attribute)
            there = there & ended
            found = np.zeros(len(self), bool)
            found[there] = leaf.busy.clear(values[there], ends[there])
        elif leaf.members is not None:
            found = self._among(leaf, values)
        elif leaf.span is not None:
            low, high = leaf.span
            found = np.ones(len(self), bool) if low is None else values >= low
            found = found if high is None else found & (values <= high)
        else:
            mask = leaf.mask or 0
            found = (values & mask) == mask if leaf.every else (values & mask) != 0
        if leaf.negated:
            found = ~found
        return found | ~there if leaf.may_be_missing else found & there

    def _among(self, leaf: Leaf, values: NDArray[np.int64]) -> Mask:
        codes = [self.code(leaf.attribute, member) for member in leaf.members or ()]
        if len(codes) == 1:
            return values == codes[0]
        return np.isin(values, codes)

    def worth(self, worth: Worth) -> tuple[Numbers, Mask]:
        """What each lot is worth in the preference's units, and for which lots that can be said at all."""
        total: Numbers = np.full(len(self), worth.base, np.int64)
        known = np.ones(len(self), bool)
        for term in worth.terms:
            applies = self.all_hold(term.when) if term.when else None
            amounts, said = self.term(term)
            if applies is not None:
                amounts, said = np.where(applies, amounts, 0), said | ~applies
            total, known = total + amounts, known & said
        return total, known

    def term(self, term: Term) -> tuple[Numbers, Mask]:
        """What one term adds to each lot, its `when` left aside, and where that can be said."""
        if term.attribute is None or term.shape is None:
            return np.full(len(self), term.flat, np.int64), np.ones(len(self), bool)
        values, there = self.column(term.attribute)
        amounts, said = self._shaped(term.attribute, term.shape, values)
        missing = np.full(len(self), term.may_be_missing)
        return np.where(there, amounts, 0), np.where(there, said, missing)

    def _shaped(
        self, attribute: Attribute, shape: Rate | Curve | Choice, values: NDArray[np.int64]
    ) -> tuple[Numbers, Mask]:
        everywhere = np.ones(len(self), bool)
        if isinstance(shape, Rate):
            return _rated(shape, values), everywhere
        if isinstance(shape, Curve):
            return _by_value(values, shape.at), everywhere
        if attribute.type == "set":
            return self._summed(shape, attribute, values)
        by_code = {self.code(attribute, value): units for value, units in shape.units.items()}
        amounts = _by_value(values, lambda code: by_code.get(code, shape.otherwise) or 0)
        refused = [code for code in set(values.tolist()) if by_code.get(code, shape.otherwise) is None]
        return amounts, ~np.isin(values, refused) if refused else everywhere

    def _summed(self, shape: Choice, attribute: Attribute, values: NDArray[np.int64]) -> tuple[Numbers, Mask]:
        amounts, said = np.zeros(len(self), np.int64), np.ones(len(self), bool)
        for member in range(len(attribute.values)):
            units, has = shape.units.get(member, shape.otherwise), (values >> member & 1).astype(bool)
            amounts += has * (units or 0)
            said &= ~has if units is None else True
        return amounts, said


def _rated(rate: Rate, values: NDArray[np.int64]) -> Numbers:
    beyond = np.maximum(0, (values if rate.high is None else np.minimum(values, rate.high)) - rate.low)
    if abs(rate.add) * int(beyond.max(initial=0)) >= SAFE:
        return _by_value(values, rate.at)
    if rate.count == "proportional":
        return rate.add * beyond // rate.per
    return rate.add * (beyond // rate.per if rate.count == "complete" else -(-beyond // rate.per))


def _by_value(values: NDArray[np.int64], at: Callable[[int], int]) -> Numbers:
    """A function of the value, asked once for each value that stands in the column."""
    distinct, place = np.unique(values, return_inverse=True)
    amounts = [at(value) for value in distinct.tolist()]
    narrow = max(map(abs, amounts), default=0) < SAFE
    found: Numbers = np.array(amounts, np.int64 if narrow else object)[place]
    return found


def tables_of(lots: Sequence[Lot], categories: Mapping[str, Category]) -> dict[str, Table]:
    """The lots by category, each read once; lots without a category are in none.

    Raises ProblemError where attributes do not fit the category; pointers begin with `/lots/{place}`.
    """
    grouped: dict[str, list[tuple[int, Lot]]] = {}
    for place, lot in enumerate(lots):
        if lot.category is None:
            continue
        if lot.category not in categories:
            raise ProblemError("unknown_category", f"there is no category {lot.category!r}", f"/lots/{place}/category")
        grouped.setdefault(lot.category, []).append((place, lot))
    return {
        name: Table(categories[name], [lot for _, lot in rows], [_row(categories[name], *one) for one in rows])
        for name, rows in grouped.items()
    }


def _row(category: Category, place: int, lot: Lot) -> dict[str, Any]:
    return category.read_lot(lot.attributes, f"/lots/{place}/attributes")
