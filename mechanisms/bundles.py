"""A combinatorial sale: bids on bundles become columns of a packing, and chosen columns become an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from mechanisms.admission import buying
from mechanisms.bids import Bid
from mechanisms.params import Params, Proving
from mechanisms.registry import get
from mechanisms.solve.packing import Mask, Packing, make_packing
from mechanisms.solve.winners import Proven, Winners
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


class Sale:
    """The problem as integers: offers in canonical order (agent id, then bundle), which number the packing's columns.

    Quantities in the packing count from the market's side: units that it hands out, or takes in where it buys.
    """

    def __init__(self, problem: Problem, params: Params) -> None:
        self.problem = problem
        self.params = params
        self.two_sided = get(problem.mechanism).sides == "two"
        self.buying = buying(params)
        self.lots = {lot.id: lot for lot in sorted(problem.lots, key=lambda lot: lot.id)}
        self.bids = sorted(problem.bids, key=lambda bid: bid.agent)
        self.offers = [offer for bid in self.bids for offer in self._offers(bid)]
        self.clipped = any(_clipped(bid) for bid in self.bids)

    def _offers(self, bid: Bid) -> list[Offer]:
        """The best atom on each bundle; offers under a buying market's minimum do not count."""
        best: dict[tuple[tuple[str, int], ...], int] = {}
        for atom in bid.atoms or ():
            bundle = tuple(sorted(atom.bundle.items()))
            value = atom.value if bid.budget is None else min(atom.value, bid.budget)
            least = getattr(self.params, "minimum", 0) * sum(abs(quantity) for _, quantity in bundle)
            if not self.buying or -value >= least:
                best[bundle] = max(value, best.get(bundle, value))
        return [Offer(bid.agent, bundle, best[bundle], best[bundle] - self._kept(bundle)) for bundle in sorted(best)]

    def _kept(self, bundle: Sequence[tuple[str, int]]) -> int:
        return 0 if self.two_sided else sum(self.lots[lot].reserve * quantity for lot, quantity in bundle)

    @cached_property
    def packing(self) -> Packing:
        """The winner determination problem."""
        row = {lot: place for place, lot in enumerate(self.lots)}
        place = {bid.agent: number for number, bid in enumerate(self.bids)}
        sign = -1 if self.buying else 1
        atoms = [(place[o.agent], o.gain, {row[lot]: sign * n for lot, n in o.bundle}) for o in self.offers]
        return make_packing(atoms, [lot.supply or 0 for lot in self.lots.values()])

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
        if not self.offers:
            return Proven(0, (), "exact", (), [])
        return self.winners.preferred(self._liking())

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
        rest = [column for column in found.chosen if self.offers[column].agent != agent]
        return self.winners.best(self.columns_without({agent}), start=rest if self.packing.fits(rest) else [])

    def columns_without(self, agents: set[str]) -> Mask:
        """All columns but those of these agents."""
        free = self.winners.every()
        for column, offer in enumerate(self.offers):
            free[column] = offer.agent not in agents
        return free

    def won(self, found: Proven) -> dict[str, Offer]:
        """What each winner gets."""
        return {self.offers[column].agent: self.offers[column] for column in found.chosen}


def _clipped(bid: Bid) -> bool:
    return bid.budget is not None and any(atom.value > bid.budget for atom in bid.atoms or ())
