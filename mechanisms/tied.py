"""The tie rule where some bids are programs, whose bundles are too many to rank by a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mechanisms.solve.bound import prices_of, weigh
from mechanisms.solve.highs import Relaxation
from mechanisms.solve.packing import SAFE, Packing, Row
from mechanisms.solve.winners import Proven, Winners
from mechanisms.ties import by_priority

if TYPE_CHECKING:
    from mechanisms.bundles import Sale


def favoured(sale: Sale, liking: Sequence[Sequence[int]]) -> Proven:
    """The best choice of all; of equals the one in which the first agent fares best, then the next, and so on.

    An agent prefers what is worth more to it, then the least bundle; nothing is worth 0, and comes after all of that.
    """
    found = Settling(sale, sale.winners.best(sale.winners.every()), liking).result()
    won = sale.won(found)
    return replace(found, chosen=tuple(column for column in found.chosen if sale.owner(column) in won))


class Lift:
    """An agent's worth counted beside the welfare: times more for the welfare, then `value` of its own."""

    def __init__(self, sale: Sale, agent: str, value: int, times: int | None = None) -> None:
        self.sale, self.agent, self.value = sale, agent, value
        program = sale.programs[agent].program
        self.cap = sale.programs[agent].worst_case()
        self.times = times or (program.most if program else 0) + 1

    @cached_property
    def packing(self) -> Packing:
        """The sale's, with these gains."""
        own, first = self.sale.columns_of(self.agent), len(self.sale.offers)
        gains = [self.times * int(gain) for gain in self.sale.packing.gain]
        for column in own:
            gains[column] += self.sale.parts[column - first].value
        small = sum(map(abs, gains)) < SAFE
        return self.sale.packing.regained(np.array(gains, np.int64 if small else object), self.times)

    def above(self) -> Lift:
        """The same for one unit more."""
        other = Lift(self.sale, self.agent, self.value + 1, self.times)
        other.packing = self.packing
        return other

    def wider(self) -> Lift:
        """The same where a sum of the program's columns passes its `most`, and so traded the welfare away."""
        return Lift(self.sale, self.agent, self.value, 1 + sum(abs(part.value) for part in self.sale.parts))


class Settling:
    """One agent at a time by priority: what it gets becomes rows, as long as the welfare can still be reached."""

    def __init__(self, sale: Sale, found: Proven, liking: Sequence[Sequence[int]]) -> None:
        self.sale, self.found, self.grade = sale, found, found.grade
        self.liking = {sale.owner(max(likes)): likes for likes in liking}
        self.rows: list[Row] = []
        self.free = sale.winners.every()
        self.ones = ~self.free
        self.relaxation = Relaxation(sale.packing)
        self._take(found.chosen)

    def _take(self, chosen: Sequence[int]) -> None:
        self.chosen, self.won = tuple(chosen), self.sale.won_by(chosen)

    def result(self) -> Proven:
        """The choice that is left when all are served."""
        agents = [*self.liking, *self.sale.programs]
        for agent in by_priority(self.sale.problem.seed, agents):
            self._settle()
            (self._serve_program if agent in self.sale.programs else self._serve)(agent)
        return replace(self.found, chosen=tuple(sorted(self.chosen)), grade=self.grade)

    def _settle(self) -> None:
        """What every choice of this welfare must have, or cannot have, by one bound over all that is settled so far."""
        self.relaxation.narrow(self.sale.packing, self.rows)
        prices = prices_of(self.relaxation, self.relaxation.solve(self.free, self.ones))
        bound = weigh(self.relaxation.packing, [], prices, self.free, self.ones)
        self.free, self.ones = bound.settle(self.free, self.ones, self.found.value)

    def _reached(self, rows: Sequence[Row] = (), without: Iterable[int] = (), lift: Lift | None = None) -> bool:
        """Whether the welfare can be reached within these rows too; then that choice is taken over.

        With `lift` an agent's worth must be reached as well: it counts beside the welfare, less than a unit of that.
        """
        free, out = self.free.copy(), list(without)
        free[out] = False
        if self.ones[out].any():
            return False
        packing = self.sale.packing if lift is None else lift.packing
        target = self.found.value if lift is None else lift.times * self.found.value + lift.value
        self.relaxation.narrow(packing, [*self.rows, *rows])
        winners = Winners(self.relaxation.packing, self.sale.node_limit, self.relaxation)
        found = winners.best(free, self.ones, value=target - 1)
        self.grade = "solver" if found.grade == "solver" else self.grade
        if found.value < target:
            return False
        if self.sale.packing.worth(found.chosen) < self.found.value:
            return self._reached(rows, without, lift and lift.wider())
        self._take(found.chosen)
        return True

    def _serve(self, agent: str) -> None:
        """The first of its likings that can be had."""
        own = [column for column in self.liking[agent] if column != -1]
        if not self.free[own].any():
            return
        for column in self.liking[agent]:
            if column == -1 and (agent not in self.won or self._reached(without=own)):
                self.free[own] = False
                return
            if column != -1 and (column in self.chosen or self._reached([_taken([column])])):
                self.rows.append(_taken([column]))
                return

    def _serve_program(self, agent: str) -> None:
        """The most that it can have, and of the bundles of that worth the least."""
        own = self.sale.columns_of(agent)
        units = {column: lot for column in own if (lot := self.sale.parts[column - len(self.sale.offers)].lot)}
        if not self.free[list(units)].any():
            return  # all choices of this welfare give it the same
        lift = Lift(self.sale, agent, self._value(agent))
        while lift.value < lift.cap and self._reached(lift=lift.above()):
            lift = Lift(self.sale, agent, self._value(agent))
        if not lift.value:
            self.free[own] = False
            return
        while units:
            self._fix_next_lot(lift, units)

    def _value(self, agent: str) -> int:
        return self.won[agent].value if agent in self.won else 0

    def _fix_next_lot(self, lift: Lift, units: dict[int, str]) -> None:
        """Settle the least lot that can come next, and its least quantity; what is settled leaves `units`."""
        agent = lift.agent
        ahead = self._ahead(agent, units)
        begun = len(ahead) < len(self.won[agent].bundle)
        if not ahead or (begun and self._reached(without=units, lift=lift)):
            self._close(units, units)
            return
        while (lower := [column for column, lot in units.items() if lot < ahead[0][0]]) and (
            self._reached([_taken(lower)], lift=lift)
        ):
            ahead = self._ahead(agent, units)
        self._close(units, lower)
        lot, quantity = ahead[0]
        of_lot = [column for column in units if units[column] == lot]
        fewer = (n for n in range(1, quantity) if self._reached(_exactly(of_lot, n), lift=lift))
        self.rows += _exactly(of_lot, next(fewer, quantity))
        for column in of_lot:
            del units[column]

    def _ahead(self, agent: str, units: dict[int, str]) -> list[tuple[str, int]]:
        """What of its bundle is not settled."""
        return [entry for entry in self.won[agent].bundle if entry[0] in units.values()]

    def _close(self, units: dict[int, str], columns: Iterable[int]) -> None:
        """No unit of these."""
        for column in list(columns):
            self.free[column] = False
            del units[column]


def _taken(columns: Sequence[int]) -> Row:
    """At least one of them."""
    return Row(-1, dict.fromkeys(columns, -1))


def _exactly(columns: Sequence[int], units: int) -> list[Row]:
    return [Row(units, dict.fromkeys(columns, 1)), Row(-units, dict.fromkeys(columns, -1))]
