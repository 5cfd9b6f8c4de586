"""Bids on bundles as the checks read them: atoms in order, after budgets, then columns of programs, over rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from mechanisms.admission import is_lot_by_lot
from mechanisms.bids import Bid
from mechanisms.registry import get
from mechanisms.types import Problem


@dataclass(frozen=True)
class Column:
    """One stated atom: what it is worth to the agent, and beyond the reserves of its bundle.

    Or one column of a program, with its place there: a unit of a lot, or nothing, and what it adds.
    """

    agent: str
    bundle: dict[str, int]
    value: int
    gain: int
    place: int | None = None


def is_bundles(problem: Problem) -> bool:
    """Whether this problem was cleared as one sale of bundles."""
    spec = get(problem.mechanism)
    return spec.bundles and ("steps" not in spec.languages or not is_lot_by_lot(problem))


class Stated:
    """Everything that was stated, numbered as certificates number it: agents by id, each one's bundles in order."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.two_sided = get(problem.mechanism).sides == "two"
        self.buying = problem.params.get("direction") == "buy"
        self.lots = {lot.id: lot for lot in sorted(problem.lots, key=lambda lot: lot.id)}
        bids = sorted(problem.bids, key=lambda bid: bid.agent)
        self.columns = [column for bid in bids for column in self._of(bid)]
        self.programs = [Stall(bid, len(self.columns)) for bid in bids if bid.program is not None]
        for stall in self.programs:  # each begins where those before it end
            stall.first = len(self.columns)
            self.columns += self._units(stall.bid)

    def _units(self, bid: Bid) -> Iterable[Column]:
        for place, (lot, worth) in enumerate(bid.program.columns if bid.program else ()):
            kept = 0 if self.two_sided or lot is None else self.lots[lot].reserve
            yield Column(bid.agent, {} if lot is None else {lot: 1}, worth, worth - kept, place)

    def _of(self, bid: Bid) -> Iterable[Column]:
        worth: dict[tuple[tuple[str, int], ...], int] = {}
        for atom in bid.atoms or ():
            value = min(atom.value, bid.budget) if bid.budget is not None else atom.value
            bundle = tuple(sorted(atom.bundle.items()))
            if self.buying and -value < self.problem.params.get("minimum", 0) * -sum(atom.bundle.values()):
                continue
            worth[bundle] = max(value, worth.get(bundle, value))
        for bundle in sorted(worth):
            kept = 0 if self.two_sided else sum(self.lots[lot].reserve * n for lot, n in bundle)
            yield Column(bid.agent, dict(bundle), worth[bundle], worth[bundle] - kept)

    @cached_property
    def room(self) -> list[int]:
        """What each row has: the supplies of the lots by id, then 1 for each agent with several atoms.

        Then, for each program: that nothing is taken without its column 0, and its own rows. Last come the most that
        each can be charged: rows that may be broken, at one unit of gain for each unit beyond.
        """
        own = [room for stall in self.programs for room, _ in stall.rows]
        agents = [1] * len(self._several)
        return [lot.supply or 0 for lot in self.lots.values()] + agents + own + [stall.cap for stall in self.programs]

    @cached_property
    def soft(self) -> range:
        """The rows that may be broken."""
        return range(len(self.room) - len(self.programs), len(self.room))

    @cached_property
    def _several(self) -> dict[str, int]:
        agents = [column.agent for column in self.columns if column.place is None]
        names = sorted({agent for agent in agents if agents.count(agent) > 1})
        return {name: len(self.lots) + place for place, name in enumerate(names)}

    @cached_property
    def uses(self) -> list[dict[int, int]]:
        """For each column what it takes of each row (negative: adds)."""
        row = {lot: place for place, lot in enumerate(self.lots)}
        sign = -1 if self.buying else 1
        uses = [
            {row[lot]: sign * n for lot, n in column.bundle.items()}
            | ({self._several[column.agent]: 1} if column.place is None and column.agent in self._several else {})
            for column in self.columns
        ]
        at = len(self.lots) + len(self._several)
        for stall, soft in zip(self.programs, self.soft, strict=True):
            for _, entries in stall.rows:
                for place, coefficient in entries.items():
                    uses[stall.first + place][at] = coefficient
                at += 1
            for place, (_, worth) in enumerate(stall.columns):
                uses[stall.first + place][soft] = worth
        return uses

    @cached_property
    def closed(self) -> set[int]:
        """Rows to which no column adds: there what two columns take together can only grow."""
        adding = {row for uses in self.uses for row, n in uses.items() if n < 0}
        return set(range(len(self.room))) - adding - set(self.soft)

    @cached_property
    def excluded(self) -> list[int]:
        """For each column the set of those that it excludes, as bits."""
        masks = [0] * len(self.columns)
        for one in range(len(masks)):
            for other in range(one):
                if self.exclude(one, other):
                    masks[one] |= 1 << other
                    masks[other] |= 1 << one
        return masks

    def exclude(self, one: int, other: int) -> bool:
        """Whether two columns can never go together."""
        first, second = self.columns[one], self.columns[other]
        if first.agent == second.agent and first.place is None:
            return True
        mine, yours = self.uses[one], self.uses[other]
        return any(row in self.closed and mine[row] + yours[row] > self.room[row] for row in mine.keys() & yours.keys())

    def fits(self, chosen: Iterable[int]) -> bool:
        """Whether these columns go together."""
        left, agents, seen = list(self.room), set(), set()
        for place in chosen:
            column = self.columns[place]
            if place in seen or (column.place is None and column.agent in agents):
                return False
            seen.add(place)
            agents.add(column.agent)
            for row, n in self.uses[place].items():
                left[row] -= n
        return min(left[: self.soft.start], default=0) >= 0

    def gained(self, chosen: Iterable[int], gains: Sequence[int], penalty: int = 1) -> int:
        """The sum of what these columns gain, less what the rows take that they break."""
        taken = list(chosen)
        beyond = (sum(self.uses[place].get(row, 0) for place in taken) - self.room[row] for row in self.soft)
        return sum(gains[place] for place in taken) - penalty * sum(max(0, units) for units in beyond)

    def handed(self, chosen: Iterable[int]) -> dict[str, tuple[dict[str, int], int]]:
        """For each program with columns among these its bundle and what that is worth."""
        taken, found = list(chosen), {}
        for stall in self.programs:
            own = [self.columns[place] for place in taken if stall.first <= place < stall.first + len(stall.columns)]
            units = Counter(lot for column in own for lot in column.bundle)
            found[stall.bid.agent] = (dict(units), min(stall.cap, sum(column.value for column in own)))
        return found


class Stall:
    """A bid by a program: where its columns begin, and its rows as room and coefficients by place."""

    def __init__(self, bid: Bid, first: int) -> None:
        self.bid, self.first = bid, first
        program = bid.program
        self.columns = program.columns if program else ()
        self.cap = program.most if program else 0
        self.cap = self.cap if bid.budget is None else min(bid.budget, self.cap)
        others = range(1, len(self.columns))
        self.rows: list[tuple[int, dict[int, int]]] = [(0, {0: -len(others)} | dict.fromkeys(others, 1))]
        self.rows += [(row.room, dict(row.entries)) for row in program.rows] if program else []
