"""From a preference to a bid: every bundle that it wants at its worth beyond walking away, or a program of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from msgspec import Struct

from mechanisms.bids import Atom, Lot
from mechanisms.errors import ProblemError
from mechanisms.preferences.attributes import Category
from mechanisms.preferences.categories import built_in
from mechanisms.preferences.judging import Judged, judge, matches
from mechanisms.preferences.limits import MAX_ATOMS, MAX_LOTS
from mechanisms.preferences.programming import program_of
from mechanisms.preferences.reading import Preference
from mechanisms.preferences.scaling import Scaled
from mechanisms.preferences.tables import Mask, tables_of
from mechanisms.preferences.wants import Across, Want
from mechanisms.programs import Program

Bundle = tuple[tuple[str, int], ...]
Units = tuple[int, ...]  # units of each admitted lot, sparse: places, a place once for each unit
STEPS = 50  # so many times the most atoms may be looked at before the search ends


class Compiled(Struct, frozen=True):
    """What a preference comes to in a market: XOR atoms and a budget, in the market's units.

    Or, where these would be too many and the market's rule takes it, a program of the same bundles and values.
    """

    atoms: tuple[Atom, ...]
    budget: int | None
    program: Program | None = None

    @property
    def wants_nothing(self) -> bool:
        """Whether nothing here is worth anything to it."""
        return not self.atoms and self.program is None


def compile_preference(
    preference: Preference,
    lots: Sequence[Lot],
    *,
    currency: str,
    exponent: int,
    categories: Mapping[str, Category] | None = None,
    most: int = MAX_ATOMS,
    programs: bool = False,
) -> Compiled:
    """The atoms, sorted by bundle; the same for lots in any order. Past `most` of them a program, with `programs`.

    Each is worth the best that its lots can be to the items, less the reservation, and more than 0. Raises
    ProblemError `currency_mismatch`, `too_many_atoms` (more than `most`), or what is wrong with a lot's attributes.
    """
    refuse_currency(preference, currency)
    if len(lots) > MAX_LOTS:
        raise ProblemError("too_many_lots", f"expected at most {MAX_LOTS} lots", "/lots")
    tables = tables_of(lots, built_in() if categories is None else categories)
    judged = judge(preference, tables)
    return compile_judged(preference, judged, exponent=exponent, most=most, programs=programs)


def compile_judged(
    preference: Preference,
    judged: Mapping[str, Judged],
    *,
    exponent: int,
    most: int = MAX_ATOMS,
    programs: bool = False,
) -> Compiled:
    """The same of lots that were judged before, for many preferences on one table and for previews."""
    scaled = Scaled(preference, judged, exponent)
    try:
        values = Bundles(preference, judged, scaled, most).values()
    except ProblemError as error:
        if not programs or error.code != "too_many_atoms":
            raise
        return compile_directly(preference, judged, scaled)
    stated = ((bundle, values[bundle] - scaled.reservation) for bundle in sorted(values))
    atoms = tuple(Atom(dict(bundle), value) for bundle, value in stated if value > 0)
    return Compiled(atoms, scaled.budget)


def compile_directly(preference: Preference, judged: Mapping[str, Judged], scaled: Scaled) -> Compiled:
    """Straight to a program, whatever the number of bundles; nothing where no bundle can be worth anything."""
    program = program_of(preference, judged, scaled)
    return Compiled((), scaled.budget, program if program.most else None)


def refuse_currency(preference: Preference, currency: str) -> None:
    """A preference in one currency says nothing of worth in another."""
    if preference.currency != currency:
        detail = f"expected {currency}, the market's currency, not {preference.currency}"
        raise ProblemError("currency_mismatch", detail, f"{preference.pointer}/currency")


class Bundles:
    """The bundles that a preference wants, worked through item by item and never past `most` of them."""

    def __init__(
        self, preference: Preference, judged: Mapping[str, Judged], scaled: Scaled, most: int = MAX_ATOMS
    ) -> None:
        self.want: Want = preference.want
        self.pointer = preference.pointer
        self.judged = judged
        self.names = list(judged)
        self.most = most
        self.looked = 0
        self.pairs = {across.pointer: matches(across, judged) for across in self._comparisons()}
        self.scaled, self.worth = scaled, scaled.worth

    def _comparisons(self) -> Iterator[Across]:
        yield from self.want.across
        for together in self.want.together:
            yield from together.when

    def values(self) -> dict[Bundle, int]:
        """Each bundle by lot and quantity, with the most that it is worth in the market's units."""
        found: dict[Bundle, int] = {}
        if len(self.names) == 1 and min(self.want.at_most, self.judged[self.names[0]].item.at_most) == 1:
            found = {((lot, 1),): value for lot, value in self._single(self.names[0])}
            self._refuse_many(len(found))
            return found
        for chosen in self._chosen(0, {}, self.want.at_most):
            if not chosen:
                continue
            bundle, value = self._bundle(chosen), self.value(chosen)
            if bundle is not None:
                found[bundle] = max(value, found.get(bundle, value))
            self._refuse_many(len(found))
        return found

    def _single(self, name: str) -> Iterator[tuple[str, int]]:
        """One unit of one lot at a time, which needs no search."""
        return zip(self.judged[name].names, self.worth[name], strict=True)

    def _refuse_many(self, bundles: int) -> None:
        if bundles > self.most:
            detail = f"it comes to more than {self.most} bundles; narrow its musts or want fewer at a time"
            raise ProblemError("too_many_atoms", detail, f"{self.pointer}/want")

    def value(self, chosen: Mapping[str, Units]) -> int:
        """What the units of each item are worth together."""
        total = sum(self.worth[name][place] for name, units in chosen.items() for place in units)
        total += sum(self._further(self.scaled.further[name], len(units)) for name, units in chosen.items())
        pairs = zip(self.want.together, self.scaled.together, strict=True)
        return total + sum(add for t, add in pairs if self._are_together(t.items, t.when, chosen))

    @staticmethod
    def _further(steps: Sequence[int], count: int) -> int:
        """What having so many units of an item takes off their sum; the last step goes on."""
        return sum(steps[min(n, len(steps) - 1)] for n in range(count - 1)) if steps else 0

    def _are_together(self, names: Sequence[str], when: Sequence[Across], chosen: Mapping[str, Units]) -> bool:
        if not all(chosen.get(name) for name in names):
            return False
        for places in product(*(set(chosen[name]) for name in names)):
            at = dict(zip(names, places, strict=True))
            if all(self.pairs[across.pointer][at[across.item], at[across.other_item]] for across in when):
                return True
        return False

    def _chosen(self, depth: int, chosen: dict[str, Units], left: int) -> Iterator[dict[str, Units]]:
        """Every choice of units for every item that `want` allows."""
        if depth == len(self.names):
            yield dict(chosen)
            return
        name = self.names[depth]
        if name not in self.want.required:
            yield from self._chosen(depth + 1, chosen, left)
        for units in self._units(name, min(left, self.judged[name].item.at_most)):
            self._count()
            if self._fits_across(name, units, chosen):
                yield from self._chosen(depth + 1, {**chosen, name: units}, left - len(units))

    def _count(self) -> None:
        self.looked += 1
        if self.looked > self.most * STEPS:
            detail = f"more than {self.most * STEPS} combinations would have to be looked at; narrow its musts"
            raise ProblemError("too_many_atoms", detail, f"{self.pointer}/want")

    def _units(self, name: str, most: int) -> Iterator[Units]:
        """Every multiset of 1 to `most` units of the admitted lots, within each lot's supply."""
        judged = self.judged[name]

        def extend(units: Units, first: int) -> Iterator[Units]:
            for place in range(first, len(judged.admitted)):
                if units.count(place) < judged.supply(place):
                    longer = (*units, place)
                    yield longer
                    if len(longer) < most:
                        yield from extend(longer, place)

        return extend((), 0) if most else iter(())

    def _fits_across(self, name: str, units: Units, chosen: Mapping[str, Units]) -> bool:
        """Whether these units match those of the items that came before, by every condition across."""
        for across in self.want.across:
            pair: Mask = self.pairs[across.pointer]
            if across.item == name and not all(
                pair[mine, yours] for mine in units for yours in chosen.get(across.other_item, ())
            ):
                return False
            if across.other_item == name and not all(
                pair[yours, mine] for mine in units for yours in chosen.get(across.item, ())
            ):
                return False
        return True

    def _bundle(self, chosen: Mapping[str, Units]) -> Bundle | None:
        """Quantities by lot; None where two items take more of a lot than there is."""
        quantities: dict[str, int] = {}
        for name, units in chosen.items():
            table = self.judged[name].table
            for place in units:
                if table is not None:
                    lot = table.names[int(self.judged[name].admitted[place])]
                    quantities[lot] = quantities.get(lot, 0) + 1
                    if quantities[lot] > self.judged[name].units_there(place):
                        return None
        return tuple(sorted(quantities.items()))
