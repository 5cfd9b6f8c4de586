"""What a preference would do in a market, kept so that further lots cost only themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from msgspec import Struct

from mechanisms.bids import Lot
from mechanisms.errors import ProblemError
from mechanisms.preferences.attributes import Category
from mechanisms.preferences.categories import built_in
from mechanisms.preferences.compiling import Compiled, compile_judged, refuse_currency
from mechanisms.preferences.judging import Judged, judge, judge_item, matches
from mechanisms.preferences.limits import MAX_ATOMS, MAX_LOTS
from mechanisms.preferences.reading import Preference
from mechanisms.preferences.tables import Table, tables_of
from mechanisms.preferences.telling import Teller, money_of
from mechanisms.preferences.wants import Across


class Preview(Struct, frozen=True):
    """A preference judged on the lots of one market (`exponent` is the market's)."""

    preference: Preference
    exponent: int
    categories: Mapping[str, Category]
    judged: dict[str, Judged]

    def with_lots(self, lots: Sequence[Lot]) -> Preview:
        """The same market with further lots: only these are read and judged, and only the items of their categories."""
        added = tables_of(lots, self.categories)
        judged = {name: _joined(one, added.get(one.item.category.name)) for name, one in self.judged.items()}
        if max((len(one.table.lots) for one in judged.values() if one.table), default=0) > MAX_LOTS:
            raise ProblemError("too_many_lots", f"expected at most {MAX_LOTS} lots", "/lots")
        return Preview(self.preference, self.exponent, self.categories, judged)

    def compiled(self, most: int = MAX_ATOMS, *, programs: bool = False) -> Compiled:
        """The bid that it comes to, with `programs` as a program past `most` atoms; raises `too_many_atoms`."""
        return compile_judged(self.preference, self.judged, exponent=self.exponent, most=most, programs=programs)

    def admits_any(self) -> bool:
        """Whether some lot qualifies for some item."""
        return any(len(one.admitted) for one in self.judged.values())

    def qualifying(self, most: int) -> dict[str, list[dict[str, Any]]]:
        """Of each item the first lots that qualify, with their worth in words."""
        money = money_of(self.preference.currency, self.preference.exponent)
        tellers = {name: Teller(one, money, self.preference.pointer) for name, one in self.judged.items()}
        return {name: list(islice(teller.qualifying(), most)) for name, teller in tellers.items()}

    def told(self, most: int = MAX_ATOMS, *, programs: bool = False) -> dict[str, Any]:
        """Each item's lots with their worth in words or what they failed, the bid, and where nothing is left, why."""
        money = money_of(self.preference.currency, self.preference.exponent)
        bid = self.compiled(most, programs=programs)
        said: dict[str, Any] = {
            "items": {name: Teller(one, money, self.preference.pointer).told() for name, one in self.judged.items()},
            "atoms": [{"bundle": atom.bundle, "value": atom.value} for atom in bid.atoms],
            "budget": bid.budget,
        }
        if bid.program is not None:
            columns, rows = len(bid.program.columns), len(bid.program.rows)
            said["program"] = {"columns": columns, "rows": rows, "most": bid.program.most}
        return said if not bid.wants_nothing else said | {"nothing_because": self._nothing_because()}

    def _nothing_because(self) -> dict[str, str]:
        """What removed the last bundle: an item without lots, a condition across, or the worth of walking away."""
        want = self.preference.want
        lacking = [name for name in want.required if not len(self.judged[name].admitted)]
        if lacking or not self.admits_any():
            name = lacking[0] if lacking else next(iter(self.judged))
            return Teller(self.judged[name], str, self.preference.pointer).emptied_by()
        for across in want.across:
            if self._never_met(across):
                return {"pointer": across.pointer, "words": across.words}
        words = "every bundle is worth no more than walking away, or breaks a condition across"
        return {"pointer": f"{self.preference.pointer}/reservation", "words": words}

    def _never_met(self, across: Across) -> bool:
        """Whether two required items never match."""
        both = {across.item, across.other_item} <= set(self.preference.want.required)
        return both and not matches(across, self.judged).any()


def preview(
    preference: Preference,
    lots: Sequence[Lot],
    *,
    currency: str,
    exponent: int,
    categories: Mapping[str, Category] | None = None,
    tables: Mapping[str, Table] | None = None,
) -> Preview:
    """Judge a preference on the lots of a market; raises ProblemError as `compile_preference` does.

    `tables`: the same lots by category, where they were read before.
    """
    refuse_currency(preference, currency)
    if len(lots) > MAX_LOTS:
        raise ProblemError("too_many_lots", f"expected at most {MAX_LOTS} lots", "/lots")
    known = built_in() if categories is None else categories
    return Preview(preference, exponent, known, judge(preference, tables or tables_of(lots, known)))


def _joined(before: Judged, added: Table | None) -> Judged:
    """An item's judgement with that of further lots behind it."""
    if added is None:
        return before
    after = judge_item(before.item, added)
    if before.table is None:
        return after
    table = before.table.joined(added)
    admitted = np.concatenate([before.admitted, after.admitted + len(before.table)])
    return Judged(before.item, table, admitted, np.concatenate([before.worth, after.worth]))
