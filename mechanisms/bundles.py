"""A combinatorial sale: bids on bundles become columns of a packing, and chosen columns become an outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from mechanisms.admission import buying
from mechanisms.bids import Bid
from mechanisms.params import Params, Proving
from mechanisms.registry import get
from mechanisms.solve.packing import Mask, Packing, Row, make_packing
from mechanisms.solve.winners import Proven, Winners
from mechanisms.tied import favoured
from mechanisms.ties import by_priority
from mechanisms.types import Problem


class Offer(NamedTuple):
    """One atom after the budget: its worth to the agent, and its gain over the reserves of the bundle."""

    agent: str
    bundle: tuple[tuple[str, int], ...]
    value: int
    gain: int

    @property
    def kept(self) -> int:
        """What the reserves say the bundle is worth to its owners (negative where the market buys)."""
        return self.value - self.gain


class Part(NamedTuple):
    """One column of an agent's program: the lot that it takes a unit of, what it adds to the worth, and to the gain."""

    agent: str
    lot: str | None
    value: int
    gain: int


class Sale:
    """The problem as integers: offers in canonical order (agent id, then bundle), which number the packing's columns.

    After the offers come the columns of programs, by agent (`parts`). Quantities in the packing count from the market's
    side: units that it hands out, or takes in where it buys.
    """

    def __init__(self, problem: Problem, params: Params) -> None:
        self.problem = problem
        self.params = params
        self.two_sided = get(problem.mechanism).sides == "two"
        self.buying = buying(params)
        self.lots = {lot.id: lot for lot in sorted(problem.lots, key=lambda lot: lot.id)}
        self.bids = sorted(problem.bids, key=lambda bid: bid.agent)
        self.offers = [offer for bid in self.bids for offer in self._offers(bid)]
        self.programs = {bid.agent: bid for bid in self.bids if bid.program is not None}
        self.parts = [part for bid in self.programs.values() for part in self._parts(bid)]
        self.clipped = any(_clipped(bid) for bid in self.bids)

    def _parts(self, bid: Bid) -> Iterator[Part]:
        for lot, worth in bid.program.columns if bid.program else ():
            yield Part(bid.agent, lot, worth, worth - (0 if lot is None else self.reserved(((lot, 1),))))

    def _offers(self, bid: Bid) -> list[Offer]:
        """The best atom on each bundle; offers under a buying market's minimum do not count."""
        best: dict[tuple[tuple[str, int], ...], int] = {}
        for atom in bid.atoms or ():
            bundle = tuple(sorted(atom.bundle.items()))
            value = atom.value if bid.budget is None else min(atom.value, bid.budget)
            least = getattr(self.params, "minimum", 0) * sum(abs(quantity) for _, quantity in bundle)
            if not self.buying or -value >= least:
                best[bundle] = max(value, best.get(bundle, value))
        return [Offer(bid.agent, bundle, best[bundle], best[bundle] - self.reserved(bundle)) for bundle in sorted(best)]

    def reserved(self, bundle: Sequence[tuple[str, int]]) -> int:
        """What its reserves say that a bundle is worth to the owners."""
        return 0 if self.two_sided else sum(self.lots[lot].reserve * quantity for lot, quantity in bundle)

    @cached_property
    def packing(self) -> Packing:
        """The winner determination problem."""
        row = {lot: place for place, lot in enumerate(self.lots)}
        place = {bid.agent: number for number, bid in enumerate(self.bids)}
        sign = -1 if self.buying else 1
        atoms = [(place[o.agent], o.gain, {row[lot]: sign * n for lot, n in o.bundle}) for o in self.offers]
        supply = [lot.supply or 0 for lot in self.lots.values()]
        if not self.programs:
            return make_packing(atoms, supply)
        units = [(-1 - place[part.agent], part.gain, {row[part.lot]: 1} if part.lot else {}) for part in self.parts]
        rows = [row for agent in self.programs for row in self._rows(agent)]
        caps = [self._cap(agent) for agent in self.programs]
        return make_packing([*atoms, *units], supply, rows, caps, self._alike())

    def _alike(self) -> list[int]:
        """A number for each column, the same for units of one lot that stand side by side in a program."""
        found = list(range(len(self.offers)))
        for before, part in zip([None, *self.parts], self.parts, strict=False):
            found.append((found[-1] if found else -1) + (part != before or part.lot is None))
        return found

    @cached_property
    def first(self) -> dict[str, int]:
        """Where the columns of each program begin."""
        starts: dict[str, int] = {}
        for column, part in enumerate(self.parts, start=len(self.offers)):
            starts.setdefault(part.agent, column)
        return starts

    def _rows(self, agent: str) -> Iterator[Row]:
        """Nothing without column 0; then what the program itself states."""
        program, first = self.programs[agent].program, self.first[agent]
        if program is not None:
            own = range(1, len(program.columns))
            yield Row(0, {first: -len(own)} | {first + column: 1 for column in own})
            for row in program.rows:
                yield Row(row.room, {first + column: coefficient for column, coefficient in row.entries})

    def _cap(self, agent: str) -> Row:
        """The sum of the values is at most what the agent can be charged: a soft row."""
        first = self.first[agent]
        values = {c: part.value for c, part in enumerate(self.parts, len(self.offers)) if part.agent == agent}
        return Row(self.programs[agent].worst_case(), {c: value for c, value in values.items() if value or c == first})

    def owner(self, column: int) -> str:
        """Whose column it is."""
        return (self.offers[column] if column < len(self.offers) else self.parts[column - len(self.offers)]).agent

    @cached_property
    def winners(self) -> Winners:
        """Its solver, which remembers what it has learnt from one solve to the next."""
        return Winners(self.packing, self.node_limit)

    @property
    def node_limit(self) -> int:
        """The most nodes that one solve may take."""
        return self.params.node_limit if isinstance(self.params, Proving) else 100_000

    def best(self) -> Proven:
        """The allocation of the greatest welfare, the tie rule applied; UnprovenError past the node limit."""
        if not self.offers and not self.parts:
            return Proven(0, (), "exact", (), [])
        return favoured(self, self._liking()) if self.programs else self.winners.preferred(self._liking())

    def _liking(self) -> list[list[int]]:
        """For each agent by priority its columns by value, then canonical order; nothing (-1) is worth 0, and last."""
        own: dict[str, list[int]] = {}
        for column, offer in enumerate(self.offers):
            own.setdefault(offer.agent, []).append(column)
        liking = []
        for agent in by_priority(self.problem.seed, own):
            columns = sorted(own[agent], key=lambda column: (-self.offers[column].value, column))
            good = [column for column in columns if self.offers[column].value >= 0]
            liking.append([*good, -1, *columns[len(good) :]])
        return liking

    def best_without(self, agent: str, found: Proven) -> Proven:
        """The best allocation without this agent, starting from what the others have in `found`."""
        rest = [column for column in found.chosen if self.owner(column) != agent]
        return self.winners.best(self.columns_without({agent}), start=rest if self.packing.fits(rest) else [])

    def columns_without(self, agents: set[str]) -> Mask:
        """All columns but those of these agents."""
        free = self.winners.every()
        for column, offer in enumerate(self.offers):
            free[column] = offer.agent not in agents
        for column, part in enumerate(self.parts, start=len(self.offers)):
            free[column] = part.agent not in agents
        return free

    def columns_of(self, agent: str) -> range:
        """The columns of an agent's program."""
        program, first = self.programs[agent].program, self.first[agent]
        return range(first, first + (len(program.columns) if program else 0))

    def won(self, found: Proven) -> dict[str, Offer]:
        """What each winner gets."""
        return self.won_by(found.chosen)

    def won_by(self, chosen: Iterable[int]) -> dict[str, Offer]:
        """What each agent gets by these columns."""
        if not self.programs:
            return {self.offers[column].agent: self.offers[column] for column in chosen}
        atoms = [column for column in chosen if column < len(self.offers)]
        return {self.owner(column): self.offers[column] for column in atoms} | self._won_by_programs(chosen)

    def _won_by_programs(self, chosen: Iterable[int]) -> dict[str, Offer]:
        """The bundles that programs ask for by these columns; what is worth nothing is not wanted."""
        taken: dict[str, list[int]] = {}
        for column in chosen:
            if column >= len(self.offers):
                taken.setdefault(self.owner(column), []).append(column - self.first[self.owner(column)])
        won = {agent: self._bundled(self.programs[agent], columns) for agent, columns in taken.items()}
        return {agent: offer for agent, offer in won.items() if offer.bundle and offer.value > 0}

    def _bundled(self, bid: Bid, columns: Sequence[int]) -> Offer:
        program = bid.program
        bundle = program.bundle(columns) if program else ()
        worth = sum(program.columns[column][1] for column in columns) if program else 0
        value = min(worth, bid.worst_case())
        return Offer(bid.agent, bundle, value, value - self.reserved(bundle))


def _clipped(bid: Bid) -> bool:
    if bid.program is not None:
        return bid.budget is not None and bid.budget < bid.program.most
    return bid.budget is not None and any(atom.value > bid.budget for atom in bid.atoms or ())
