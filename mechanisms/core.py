"""The core by constraint generation: coalitions that would block enter one by one, until none is left."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm

import numpy as np

from mechanisms.bundles import Sale
from mechanisms.solve.errors import SolverFailedError, UnprovenError
from mechanisms.solve.nearest import least_sum, nearest
from mechanisms.solve.packing import SAFE
from mechanisms.solve.winners import Proven, Winners

MOST_COALITIONS = 1000


class Core:
    """Payments of the winners that leave no coalition anything to gain.

    Inside, payments are counted beyond the reserves of what is won (`net`): then the owners' share is their sum.
    """

    def __init__(self, sale: Sale, best: Proven, vcg: Mapping[str, int]) -> None:
        self.sale, self.best, self.vcg = sale, best, vcg
        self.won = dict(sorted(sale.won(best).items()))
        self.agents = list(self.won)
        self.separation: Proven | None = None
        self.coalitions = 0
        self._cuts = sale.winners.relaxation.standing() if self.won else []
        self._rows: list[list[int]] = []
        self._least: list[int] = []
        for place, (agent, offer) in enumerate(self.won.items()):
            self._add({place: 1}, vcg[agent] - offer.kept)
            self._add({place: -1}, -offer.gain)

    def _add(self, entries: Mapping[int, int], least: int) -> None:
        self._rows.append([entries.get(place, 0) for place in range(len(self.agents))])
        self._least.append(least)

    def payments(self, reference: Mapping[str, Fraction]) -> dict[str, Fraction]:
        """The least sum in the core, and of such payments the nearest to the reference; exact fractions."""
        aim = [reference[agent] - offer.kept for agent, offer in self.won.items()]
        while self.won:
            total = least_sum(self._rows, self._least)
            if total is None:
                raise SolverFailedError("HiGHS finds the core empty, which it never is")
            net = nearest(self._rows, self._least, aim, total)
            if not self._blocked(net):
                return {agent: n + self.won[agent].kept for agent, n in zip(self.agents, net, strict=True)}
        return {}

    def _blocked(self, net: list[Fraction]) -> bool:
        """Whether some coalition, with the owners, could have more than its members have; then it becomes a row."""
        scale = lcm(*(amount.denominator for amount in net))
        has = {agent: self.won[agent].gain - n for agent, n in zip(self.agents, net, strict=True)}
        owners = int(scale * sum(net, Fraction(0)))
        gains = [int(scale * (offer.gain - has.get(offer.agent, 0))) for offer in self.sale.offers]
        first = set(self.sale.first.values())
        for column, part in enumerate(self.sale.parts, start=len(gains)):
            gains.append(int(scale * (part.gain - (has.get(part.agent, 0) if column in first else 0))))
        if sum(map(abs, gains)) >= SAFE:
            raise SolverFailedError("exact payments need numbers beyond 2^62; state values in coarser units")
        winners = Winners(self.sale.packing.regained(np.array(gains, np.int64), scale), self.sale.node_limit)
        winners.relaxation.add(self._cuts)
        found = winners.best(winners.every(), value=owners)
        self._cuts = winners.relaxation.standing()
        if found.value <= owners:
            self.separation = found
            return False
        self._enter({self.sale.owner(column) for column in found.chosen}, found)
        return True

    def _enter(self, members: set[str], found: Proven) -> None:
        """Winners outside the coalition must pay what it could do with the lots, beyond what its own winners add."""
        self.coalitions += 1
        if self.coalitions > MOST_COALITIONS:
            raise UnprovenError(self.best.value, self.best.value)
        worth = self.sale.packing.worth(found.chosen)
        inside = sum(offer.gain for agent, offer in self.won.items() if agent in members)
        outside = {place: 1 for place, agent in enumerate(self.agents) if agent not in members}
        self._add(outside, worth - inside)
