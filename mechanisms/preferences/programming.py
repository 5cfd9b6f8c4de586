"""From a preference to a program: its items, limits and conditions as columns and rows, its bundles never listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, permutations, product

import numpy as np

from mechanisms.preferences.judging import Judged, matches
from mechanisms.preferences.reading import Preference
from mechanisms.preferences.scaling import Scaled
from mechanisms.preferences.sheets import Entries, Sheet, minus, ones
from mechanisms.preferences.tables import Mask
from mechanisms.preferences.wants import Across, Together
from mechanisms.programs import Program

Lots = frozenset[int]  # places among the lots that an item admits
PRESENT = 0


def program_of(preference: Preference, judged: Mapping[str, Judged], scaled: Scaled) -> Program:
    """The program that wants just the bundles that the atoms would list, each at the same value.

    Raises ProblemError `too_many_atoms` where even that would be too large.
    """
    return Draft(preference, judged, scaled).program()


class Draft:
    """Columns and rows as they come; `first` are the columns of the first unit of each lot, by item and place."""

    def __init__(self, preference: Preference, judged: Mapping[str, Judged], scaled: Scaled) -> None:
        self.preference, self.judged, self.scaled = preference, judged, scaled
        self.want = preference.want
        self.sheet = Sheet(scaled.reservation, preference.pointer)
        self.first: dict[str, dict[int, int]] = {}
        self.units: dict[str, list[int]] = {}
        self.present: dict[tuple[str, Lots], Entries] = {}

    def program(self) -> Program:
        """All of it, in an order that does not depend on the lots' order."""
        for name in self.judged:
            self._item(name)
        self._limits()
        for across in self.want.across:
            self._across(across)
        for place, together in enumerate(self.want.together):
            self._together(together, self.scaled.together[place])
        return Program(tuple(self.sheet.columns), tuple(self.sheet.rows), self._most())

    # --- items -------------------------------------------------------------------------------------------------------

    def _cap(self, name: str) -> int:
        return min(self.judged[name].item.at_most, self.want.at_most)

    def _places(self, name: str) -> list[int]:
        """Its lots in the order of their ids."""
        names = self.judged[name].names
        return sorted(range(len(names)), key=names.__getitem__)

    def _item(self, name: str) -> None:
        judged, cap = self.judged[name], self._cap(name)
        self.first[name], self.units[name] = {}, []
        for place in self._places(name):
            units = min(judged.supply(place), cap)
            columns = [self.sheet.column(judged.names[place], self.scaled.worth[name][place]) for _ in range(units)]
            for before, after in pairwise(columns):
                self.sheet.row(0, {after: 1, before: -1})
            self.first[name][place] = columns[0]
            self.units[name] += columns
        if self.units[name]:
            self.sheet.row(0, ones(self.units[name]), {PRESENT: -cap})
            self._further(name, min(cap, len(self.units[name])))

    def _further(self, name: str, most: int) -> None:
        """A switch for each unit after the first, at what it takes off; they fill in order, as they fall."""
        steps = self.scaled.further[name]
        if not steps or most < 2:
            return
        switches = [self.sheet.column(None, steps[min(n, len(steps) - 1)]) for n in range(most - 1)]
        for before, after in pairwise(switches):
            self.sheet.row(0, {after: 1, before: -1})
        self.sheet.row(0, ones(self.units[name]), minus(switches), {PRESENT: -1})

    def _limits(self) -> None:
        """At most so many in all; something of each required item; column 0 stands with the units, not alone."""
        every = [column for units in self.units.values() for column in units]
        if sum(self._cap(name) for name in self.units) > self.want.at_most:
            self.sheet.row(0, ones(every), {PRESENT: -self.want.at_most})
        self._supplies()
        for names in [[name] for name in self.want.required] or [list(self.first)]:
            self.sheet.row(0, {PRESENT: 1}, *(minus(self.first[name].values()) for name in names))
        if self.want.required or self.scaled.reservation:
            for name in self.first:
                if self._cap(name) > 1:
                    for column in self.first[name].values():
                        self.sheet.row(0, {column: 1, PRESENT: -1})

    def _supplies(self) -> None:
        """Of a lot that several items admit no more units together than there are."""
        units: dict[str, list[int]] = {}
        for column, (lot, _) in enumerate(self.sheet.columns):
            if lot is not None:
                units.setdefault(lot, []).append(column)
        supply = {
            self.judged[name].names[place]: self.judged[name].units_there(place)
            for name, places in self.first.items()
            for place in places
        }
        for lot in sorted(units):
            if len(units[lot]) > supply[lot]:
                self.sheet.row(supply[lot], ones(units[lot]))

    # --- between items -----------------------------------------------------------------------------------------------

    def _presence(self, name: str, lots: Lots) -> Entries:
        """What is 1 if there is a unit of these lots, 0 if not: their sum, or a switch where there can be several."""
        columns = self._of(name, lots)
        if self._cap(name) == 1:
            return ones(columns)
        if (name, lots) not in self.present:
            switch = self.sheet.column(None, 0)
            self.sheet.row(0, {switch: 1}, minus(columns))
            for column in columns:
                self.sheet.row(0, {column: 1, switch: -1})
            self.present[name, lots] = {switch: 1}
        return self.present[name, lots]

    def _across(self, across: Across) -> None:
        """Lots of the one item that go with the same lots of the other: with them none of those that do not."""
        pairs = matches(across, self.judged)
        classes = self._classes(across.item, pairs)
        if self._cap(across.item) == self._cap(across.other_item) == 1 and int(pairs.any(axis=0).sum()) == sum(
            len(fits) for _, fits in classes
        ):
            self._blocks(across, classes)
            return
        names, cap = self._places(across.other_item), self._cap(across.other_item)
        for lots, fits in classes:
            units = [c for place in names if place not in fits for c in self._units_of(across.other_item, place)]
            if units:
                self.sheet.row(cap, ones(units), {c: n * cap for c, n in self._presence(across.item, lots).items()})

    def _blocks(self, across: Across, classes: Sequence[tuple[Lots, Lots]]) -> None:
        """One of each at most, and no lot of the other item in two classes: a switch for each class, one of them on.

        It says what the rows of pairs say, and leaves fractions nothing to mix.
        """
        alone = set(self.first[across.other_item]) - {place for _, fits in classes for place in fits}
        switches = []
        for lots, fits in [*classes, (frozenset(), frozenset(alone))]:
            if lots or fits:
                switches.append(self.sheet.column(None, 0))
                for name, places in ((across.item, lots), (across.other_item, fits)):
                    if places:
                        self.sheet.row(0, self._presence(name, places), {switches[-1]: -1})
                self.sheet.row(
                    0, {switches[-1]: 1}, minus(self._of(across.item, lots)), minus(self._of(across.other_item, fits))
                )
        self.sheet.row(0, ones(switches), {PRESENT: -1})

    def _of(self, name: str, lots: Lots) -> list[int]:
        return [self.first[name][place] for place in self._places(name) if place in lots]

    def _units_of(self, name: str, place: int) -> Iterator[int]:
        first = self.first[name][place]
        return iter(range(first, first + min(self.judged[name].supply(place), self._cap(name))))

    def _classes(self, name: str, pairs: Mask) -> list[tuple[Lots, Lots]]:
        """The item's lots by what they go with among the columns of `pairs`, in the order of their ids."""
        grouped: dict[bytes, list[int]] = {}
        for place in self._places(name):
            grouped.setdefault(pairs[place].tobytes(), []).append(place)
        return [(frozenset(lots), frozenset(np.flatnonzero(pairs[lots[0]]).tolist())) for lots in grouped.values()]

    def _together(self, together: Together, add: int) -> None:
        """What some lots of its items add, if they meet its conditions: a switch for each way in which they can."""
        if not add or not all(self.first[name] for name in together.items):
            return
        ways = list(self._ways(together))
        if add < 0:
            switch = self.sheet.column(None, add)
            for way in ways:
                self.sheet.row(len(way) - 1, {switch: -1}, *(self._presence(name, lots) for name, lots in way))
            return
        switches = [self.sheet.column(None, add) for _ in ways]
        for switch, way in zip(switches, ways, strict=True):
            for name, lots in way:
                self.sheet.row(0, {switch: 1}, minus(self._of(name, lots)))
        if len(switches) > 1:
            self.sheet.row(1, ones(switches))

    def _ways(self, together: Together) -> Iterator[list[tuple[str, Lots]]]:
        """Sets of lots, one of each item, any choice out of which meets all conditions; every choice is in one.

        What must hold within every bundle is among the conditions, which brings fractions nearer to whole choices.
        """
        among = [one for one in self.want.across if {one.item, one.other_item} <= set(together.items)]
        when = [*together.when, *among]
        bound = [name for name in together.items if any(name in (one.item, one.other_item) for one in when)]
        free = [(name, frozenset(self.first[name])) for name in together.items if name not in bound]
        if not bound:
            yield free
            return
        pairs = {(one, other): self._meets(when, one, other) for one, other in permutations(bound, 2)}
        *heads, last = bound
        classes = [self._alike(name, [pairs[name, other] for other in bound if other != name]) for name in heads]
        for chosen in product(*classes):
            picked = dict(zip(heads, chosen, strict=True))
            at = {name: min(lots) for name, lots in picked.items()}
            if all(pairs[one, other][at[one], at[other]] for one in heads for other in heads if one < other):
                fits = np.logical_and.reduce([pairs[name, last][at[name]] for name in heads])
                lots = frozenset(np.flatnonzero(fits).tolist())
                if lots:
                    yield [*free, *picked.items(), (last, lots)]

    def _alike(self, name: str, tables: Sequence[Mask]) -> list[Lots]:
        return [lots for lots, _ in self._classes(name, np.concatenate(tables, axis=1))]

    def _meets(self, when: Sequence[Across], one: str, other: str) -> Mask:
        """Which lots of one item meet, with which of another, all conditions between the two."""
        found: Mask = np.ones((len(self.judged[one].admitted), len(self.judged[other].admitted)), bool)
        for across in when:
            if (across.item, across.other_item) == (one, other):
                found &= matches(across, self.judged)
            if (across.item, across.other_item) == (other, one):
                found &= matches(across, self.judged).T
        return found

    def _most(self) -> int:
        """What no bundle is worth more than: the best units that may go together, and all that adds to them."""
        units = [n for name in self.units for n in self._best(name)]
        best = sum(sorted((n for n in units if n > 0), reverse=True)[: self.want.at_most])
        return max(0, best + sum(add for add in self.scaled.together if add > 0) - self.scaled.reservation)

    def _best(self, name: str) -> list[int]:
        worths = sorted((self.sheet.columns[column][1] for column in self.units[name]), reverse=True)[: self._cap(name)]
        steps = self.scaled.further[name]
        return [worth + (steps[min(n, len(steps)) - 1] if n and steps else 0) for n, worth in enumerate(worths)]
