"""Replaying a search tree in Python integers: that no choice of atoms is worth more than is claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mechanisms.check.stated import Stated

State = tuple[set[int], set[int]]  # columns still free, columns that are in


class RefutedProofError(Exception):
    """The proof does not show what it should."""


def proves(stated: Stated, gains: Sequence[int], most: int, proof: Any, free: set[int], penalty: int = 1) -> bool:
    """Whether the proof shows that no choice out of `free` gains more than `most`; any garbage shows nothing.

    `penalty` is what a unit beyond a soft row takes from the gain.
    """
    if not free:
        return most >= 0
    try:
        Replay(stated, gains, most, proof, penalty).run(free)
    except (RefutedProofError, TypeError, ValueError, KeyError, IndexError, AttributeError):
        return False
    return True


class Replay:
    """One proof being replayed: every node's multipliers give a bound by weak duality, in integers."""

    def __init__(self, stated: Stated, gains: Sequence[int], most: int, proof: Mapping[str, Any], penalty: int) -> None:
        self.stated, self.gains, self.most, self.penalty = stated, gains, most, penalty
        self.shift = int(proof["shift"])
        self.nodes = proof["nodes"]
        self.cliques = [[int(column) for column in clique] for clique in proof["cliques"]]
        self.in_cliques: list[list[int]] = [[] for _ in gains]
        for place, clique in enumerate(self.cliques):
            self._check_clique(clique)
            for column in clique:
                self.in_cliques[column].append(place)

    def _check_clique(self, clique: list[int]) -> None:
        if len(set(clique)) != len(clique) or min(clique) < 0:
            raise RefutedProofError("a clique names a column twice, or none")
        members = sum(1 << column for column in clique)
        if any(members & ~self.stated.excluded[column] & ~(1 << column) for column in clique):
            raise RefutedProofError("a clique's columns go together")

    def run(self, free: set[int]) -> None:
        """Replay all nodes; RefutedProofError where one is left open."""
        todo: list[State | None] = [(set(free), set())]
        for passes, branch, first in self.nodes:
            state = self._narrowed(todo.pop(), passes)
            if branch == -1:
                if state is not None:
                    self._decide(*state)
                continue
            zero, one = (None, None) if state is None else self._children(*state, int(branch))
            todo += [zero, one] if first else [one, zero]
        if todo:
            raise RefutedProofError("the proof ends before all is closed")

    def _narrowed(self, state: State | None, passes: Any) -> State | None:
        """What a node's passes leave open: None where they close it."""
        for prices in passes:
            if state is None:
                return None
            state = self._pass(*state, {int(row): int(price) for row, price in prices})
        return state

    def _pass(self, free: set[int], ones: set[int], prices: dict[int, int]) -> State | None:
        if min(prices.values(), default=0) < 0:
            raise RefutedProofError("a multiplier is negative")
        if any(prices.get(row, 0) > self.penalty << self.shift for row in self.stated.soft):
            raise RefutedProofError("a row that may be broken costs more than breaking it")
        reduced = {column: self._reduced(column, prices) for column in free | ones}
        room = self.stated.room
        bound = sum(price * (room[row] if row < len(room) else 1) for row, price in prices.items())
        bound += sum(reduced[column] for column in ones) + sum(max(0, reduced[column]) for column in free)
        if bound >> self.shift <= self.most:
            return None
        slack = bound - ((self.most + 1) << self.shift)
        into = {column for column in free if reduced[column] > slack}
        out = {column for column in free if -reduced[column] > slack}
        rest = free - into - out
        for column in into:
            rest = {other for other in rest if not self.stated.excluded[column] >> other & 1}
        return rest, ones | into

    def _reduced(self, column: int, prices: dict[int, int]) -> int:
        base = len(self.stated.room)
        paid = sum(prices.get(row, 0) * n for row, n in self.stated.uses[column].items())
        paid += sum(prices.get(base + place, 0) for place in self.in_cliques[column])
        return (self.gains[column] << self.shift) - paid

    def _children(self, free: set[int], ones: set[int], column: int) -> tuple[State | None, State | None]:
        """Without the column, and with it: then all that excludes it is out. A settled column has one child only."""
        if column not in free:
            return (None, (free, ones)) if column in ones else ((free, ones), None)
        rest = free - {column}
        kept = {other for other in rest if not self.stated.excluded[column] >> other & 1}
        return (rest, ones), (kept, ones | {column})

    def _decide(self, free: set[int], ones: set[int]) -> None:
        """A node with nothing free is decided by adding up."""
        if free or (self.stated.fits(ones) and self.stated.gained(ones, self.gains, self.penalty) > self.most):
            raise RefutedProofError("a node is left open")
