"""A preference on lots, in words: which qualify and what each is worth, why the others do not, what would help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mechanisms.errors import escape
from mechanisms.money import in_words
from mechanisms.preferences.conditions import Condition, Leaf
from mechanisms.preferences.judging import Judged
from mechanisms.preferences.tables import Table
from mechanisms.preferences.worths import Term

MOST_RELAXATIONS = 5
MOST_NAMED = 5
Said = dict[str, Any]
Money = Callable[[int], str]


class Teller:
    """Tells one item; `base` is where its preference stands in what was read."""

    def __init__(self, judged: Judged, money: Money, base: str = "") -> None:
        self.item = judged.item
        self.money = money
        self.pointer = f"{base}/items/{escape(judged.item.name)}"
        self.judged = judged
        table = judged.table
        self.size = len(table) if table else 0
        self.held = [table.holds(condition) for condition in self.item.must] if table else []
        self.known = table.worth(self.item.worth)[1] if table else np.zeros(0, bool)

    def told(self) -> Said:
        """Everything about the item."""
        out = [self._out(place) for place in range(self.size) if place not in set(self.judged.admitted.tolist())]
        said: Said = {"qualify": list(self.qualifying()), "out": out}
        if not len(self.judged.admitted):
            said |= {"emptied_by": self.emptied_by(), "relaxations": self.relaxations()}
        return said

    def qualifying(self) -> Iterator[Said]:
        """Each lot that qualifies with its worth, in units and in words."""
        for place, worth in zip(self.judged.admitted.tolist(), self.judged.worth.tolist(), strict=True):
            table = self.judged.table
            if table is not None:
                yield {"lot": table.names[place], "worth": worth, "means": self.worth_in_words(table, place, worth)}

    def worth_in_words(self, table: Table, place: int, worth: int) -> str:
        """`420.00 USD; 20.00 USD less: estimatedFlightDuration is 181 min. In all 400.00 USD.`"""
        parts = [self.money(self.item.worth.base)] if self.item.worth.base or not self.item.worth.terms else []
        for term in self.item.worth.terms:
            if term.when and not table.all_hold(term.when)[place]:
                continue
            amount = int(table.term(term)[0][place])
            if amount:
                parts.append(
                    f"{self.money(abs(amount))} {'more' if amount > 0 else 'less'}{self._reason(term, table, place)}"
                )
        return f"{'; '.join(parts)}. In all {self.money(worth)}." if len(parts) > 1 else f"{self.money(worth)}."

    def _reason(self, term: Term, table: Table, place: int) -> str:
        """The attribute that decided; the text of others is not repeated."""
        said = [condition.words for condition in term.when]
        if term.attribute is not None and term.attribute.type not in ("text", "set"):
            value = int(table.column(term.attribute)[0][place])
            said.insert(0, f"{term.attribute.name} is {term.attribute.written(value)}")
        elif term.attribute is not None:
            said.insert(0, f"for its {term.attribute.name}")
        return f": {' and '.join(said)}" if said else ""

    def _out(self, place: int) -> Said:
        table = self.judged.table
        return {"lot": table.names[place] if table else "", "failed": self._failed(place)}

    def _failed(self, place: int) -> list[Said]:
        """Every condition that the lot does not meet, as the preference states them."""
        failed = [
            {"pointer": condition.pointer, "words": condition.words} | self._has(condition, place)
            for condition, held in zip(self.item.must, self.held, strict=True)
            if not held[place]
        ]
        if not failed and not self.known[place]:
            failed.append({"pointer": f"{self.pointer}/worth", "words": "its worth cannot be said, or is refused"})
        return failed

    def _has(self, condition: Condition, place: int) -> Said:
        """What the lot has instead, where that is a number, a time, a day or one of listed values."""
        table = self.judged.table
        if not isinstance(condition, Leaf) or condition.busy is not None or table is None:
            return {}
        values, there = table.column(condition.attribute)
        if not there[place]:
            return {"has": None}
        if condition.attribute.type in ("text", "set"):
            return {}
        return {"has": condition.attribute.written(int(values[place]))}

    def emptied_by(self) -> Said:
        """The condition that, taken in their order, removed the last lot."""
        if not self.size:
            return {
                "pointer": f"{self.pointer}/category",
                "words": f"no lot is of the category {self.item.category.name}",
            }
        left = np.ones(self.size, bool)
        for condition, held in zip(self.item.must, self.held, strict=True):
            left &= held
            if not left.any():
                return {"pointer": condition.pointer, "words": condition.words}
        return {"pointer": f"{self.pointer}/worth", "words": "the worth of what is left cannot be said, or is refused"}

    def relaxations(self) -> list[Said]:
        """The fewest conditions whose giving up admits a lot, nearest misses first; what the lot has is said."""
        sets: dict[tuple[int, ...], list[int]] = {}
        for place in range(self.size):
            failing = tuple(n for n, held in enumerate(self.held) if not held[place])
            if failing and self.known[place]:
                sets.setdefault(failing, []).append(place)
        fewest = min(map(len, sets), default=0)
        least = [(failing, places) for failing, places in sorted(sets.items()) if len(failing) == fewest]
        return [self._relaxation(failing, places) for failing, places in least[:MOST_RELAXATIONS]]

    def _relaxation(self, failing: tuple[int, ...], places: list[int]) -> Said:
        nearest = sorted(places, key=lambda place: self._miss(failing, place))[:MOST_NAMED]
        give_up = [
            {"pointer": self.item.must[n].pointer, "words": self.item.must[n].words}
            | self._has(self.item.must[n], nearest[0])
            for n in failing
        ]
        names = [self.judged.table.names[place] for place in nearest] if self.judged.table else []
        return {"give_up": give_up, "admits": names}

    def _miss(self, failing: tuple[int, ...], place: int) -> tuple[int, int]:
        """How far the lot is from a range that it misses; the lots' order where that cannot be measured."""
        condition = self.item.must[failing[0]]
        if not isinstance(condition, Leaf) or condition.span is None or self.judged.table is None or condition.negated:
            return 0, place
        value = int(self.judged.table.column(condition.attribute)[0][place])
        low, high = condition.span
        return max((low or 0) - value if low is not None else 0, value - high if high is not None else 0), place


def money_of(currency: str, exponent: int) -> Money:
    """Amounts of this currency in words."""
    return lambda units: in_words(units, currency, exponent)
