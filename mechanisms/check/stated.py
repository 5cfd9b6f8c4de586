"""Bids on bundles as the checks read them: atoms in canonical order, after budgets, as columns over rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from mechanisms.admission import is_lot_by_lot
from mechanisms.registry import get
from mechanisms.types import Problem


@dataclass(frozen=True)
class Column:
    """One stated atom: what it is worth to the agent, and beyond the reserves of its bundle."""

    agent: str
    bundle: dict[str, int]
    value: int
    gain: int


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
        self.columns = [column for bid in sorted(problem.bids, key=lambda bid: bid.agent) for column in self._of(bid)]

    def _of(self, bid) -> Iterable[Column]:  # type: ignore[no-untyped-def]  # noqa: ANN001
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
        """What each row has: the supplies of the lots by id, then 1 for each agent with several atoms."""
        return [lot.supply or 0 for lot in self.lots.values()] + [1] * len(self._several)

    @cached_property
    def _several(self) -> dict[str, int]:
        agents = [column.agent for column in self.columns]
        names = sorted({agent for agent in agents if agents.count(agent) > 1})
        return {name: len(self.lots) + place for place, name in enumerate(names)}

    @cached_property
    def uses(self) -> list[dict[int, int]]:
        """For each column what it takes of each row (negative: adds)."""
        row = {lot: place for place, lot in enumerate(self.lots)}
        sign = -1 if self.buying else 1
        return [
            {row[lot]: sign * n for lot, n in column.bundle.items()}
            | ({self._several[column.agent]: 1} if column.agent in self._several else {})
            for column in self.columns
        ]

    @cached_property
    def closed(self) -> set[int]:
        """Rows to which no column adds: there what two columns take together can only grow."""
        return set(range(len(self.room))) - {row for uses in self.uses for row, n in uses.items() if n < 0}

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
        if self.columns[one].agent == self.columns[other].agent:
            return True
        mine, yours = self.uses[one], self.uses[other]
        return any(row in self.closed and mine[row] + yours[row] > self.room[row] for row in mine.keys() & yours.keys())

    def fits(self, chosen: Iterable[int]) -> bool:
        """Whether these columns go together."""
        left, agents = list(self.room), set()
        for column in chosen:
            if self.columns[column].agent in agents:
                return False
            agents.add(self.columns[column].agent)
            for row, n in self.uses[column].items():
                left[row] -= n
        return min(left, default=0) >= 0
