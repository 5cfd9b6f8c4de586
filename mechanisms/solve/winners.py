"""Who wins: the best choice of atoms, proven, and of several equally good ones the one that the tie rule favours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mechanisms.solve.cuts import Cut
from mechanisms.solve.errors import SolverFailedError, UnprovenError
from mechanisms.solve.highs import Relaxation, best_integral
from mechanisms.solve.packing import Mask, Packing
from mechanisms.solve.search import Search, Step

Grade = Literal["exact", "solver"]
OWN_NODES = 5000
MOST_EQUALS = 32


@dataclass(frozen=True, eq=False)
class Proven:
    """The best choice out of some columns: its worth in units, its columns, and how that is known.

    `exact`: `steps` is a search tree whose integer bounds close everything above `value`, over the cuts of `pool`.
    `solver`: HiGHS says optimal at a gap under one unit.
    """

    value: int
    chosen: tuple[int, ...]
    grade: Grade
    steps: tuple[Step, ...]
    pool: list[Cut]


class Winners:
    """Solves over one packing: the first, and then any part of it, warm. No solve takes more than `limit` nodes."""

    def __init__(self, packing: Packing, limit: int, relaxation: Relaxation | None = None) -> None:
        self.packing = packing
        self.limit = limit
        self.relaxation = relaxation or Relaxation(packing)

    def every(self) -> Mask:
        """All columns."""
        return np.ones(self.packing.columns, bool)

    def best(self, free: Mask, ones: Mask | None = None, start: Sequence[int] = (), value: int | None = None) -> Proven:
        """The best choice out of `free` beside `ones`; `start` is one that is known to fit.

        With `value`, only more than that is looked for: a result of no more than it says that there is none.
        Raises UnprovenError past the node limit, SolverFailedError.
        """
        ones = np.zeros(self.packing.columns, bool) if ones is None else ones
        search = Search(self.relaxation, list(start), self.packing.worth(start) if value is None else value)
        return self._finish(search, free, ones)

    def _finish(self, search: Search, free: Mask, ones: Mask) -> Proven:
        if search.run(free, ones, min(self.limit, OWN_NODES)):
            return Proven(search.value, tuple(search.best), "exact", tuple(search.steps), self.relaxation.pool)
        if self.limit <= OWN_NODES:
            raise UnprovenError(search.value, search.high)
        left, into = search.root or (free, ones)
        try:
            chosen = best_integral(self.packing, self.relaxation.pool[-200:], left, into, self.limit - OWN_NODES)
        except UnprovenError as error:
            raise UnprovenError(search.value, min(search.high, max(error.high, search.value))) from error
        if search.best and (chosen is None or self.packing.worth(chosen) < search.value):
            raise SolverFailedError(f"HiGHS calls less optimal than {search.value}, which is reached")
        if chosen is not None:
            search.offer(chosen)
        return Proven(search.value, tuple(search.best), "solver", (), [])

    def preferred(self, liking: Sequence[Sequence[int]]) -> Proven:
        """The best choice of all; of equals the one in which the first agent fares best, then the next, and so on.

        `liking` has for each agent, in order of priority, its columns from the most to the least liked; -1 among them
        stands for getting nothing.
        """
        found = self.best(self.every())
        equals = self._equals(found)
        if equals is None:
            return Favours(self, found).result(liking)
        favoured = min(equals, key=lambda columns: _dislike(columns, liking))
        return replace(found, chosen=tuple(favoured))

    def _equals(self, found: Proven) -> list[list[int]] | None:
        """All choices as good as this one, shown by integer bounds; None where they are too many or too hard."""
        relaxation = Relaxation(self.packing)
        relaxation.add(self.relaxation.standing())
        search = Search(relaxation, [], found.value, ties=True)
        search.offer(list(found.chosen))
        nothing = np.zeros(self.packing.columns, bool)
        limit = min(self.limit, OWN_NODES)
        return search.equals if search.run(self.every(), nothing, limit, MOST_EQUALS) else None


def _dislike(columns: Sequence[int], liking: Sequence[Sequence[int]]) -> list[int]:
    """For each agent the place of what it gets in its liking: the lower, the better for whoever comes first."""
    got = set(columns)
    return [likes.index(next((column for column in likes if column in got), -1)) for likes in liking]


class Favours:
    """The tie rule one agent at a time, where the equally good choices are too many to list."""

    def __init__(self, winners: Winners, found: Proven) -> None:
        self.winners, self.found, self.grade = winners, found, found.grade
        self.chosen = list(found.chosen)
        self.free, self.ones = winners.every(), np.zeros(winners.packing.columns, bool)

    def result(self, liking: Sequence[Sequence[int]]) -> Proven:
        """Each agent in turn gets the first of its likings that leaves the welfare as it is."""
        for likes in liking:
            self._serve(likes)
        return Proven(self.found.value, tuple(sorted(self.chosen)), self.grade, self.found.steps, self.found.pool)

    def _serve(self, likes: Sequence[int]) -> None:
        for column in likes:
            if column in self.chosen or (self._possible(column) if column != -1 else self._without(likes)):
                break
        self.free[[other for other in likes if other != -1]] = False
        if column != -1:
            self.ones[column] = True
            self.free &= ~self.winners.packing.conflicts[column]

    def _without(self, likes: Sequence[int]) -> bool:
        """Whether the welfare can be reached with none of this agent's columns."""
        if not set(likes) & set(self.chosen):
            return True
        free = self.free.copy()
        free[[column for column in likes if column != -1]] = False
        return self._reached(free, self.ones)

    def _possible(self, column: int) -> bool:
        """Whether the welfare can be reached with this column."""
        free, ones = self.free & ~self.winners.packing.conflicts[column], self.ones.copy()
        if not self.free[column]:
            return False
        free[column], ones[column] = False, True
        return self._reached(free, ones)

    def _reached(self, free: Mask, ones: Mask) -> bool:
        """Whether these columns can reach the welfare; then that choice is taken over."""
        found = self.winners.best(free, ones, value=self.found.value - 1)
        if found.grade == "solver":
            self.grade = "solver"
        if found.value < self.found.value:
            return False
        self.chosen = list(found.chosen)
        return True
