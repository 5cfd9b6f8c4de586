"""What each winner's presence is worth: the best allocation beside the best ones without one winner each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mechanisms.awarding import certified
from mechanisms.bundles import Offer, Sale
from mechanisms.solve.winners import Proven


@dataclass(frozen=True)
class Pivots:
    """1 + winners solves, all proven, from which rules after Vickrey, Clarke and Groves make their payments."""

    sale: Sale
    best: Proven
    without: Mapping[str, Proven]

    @cached_property
    def won(self) -> dict[str, Offer]:
        """What each winner gets."""
        return self.sale.won(self.best)

    @property
    def gains(self) -> dict[str, int]:
        """W - W_-i: what each winner adds to the welfare."""
        return {agent: self.best.value - self.without[agent].value for agent in self.won}

    @property
    def payments(self) -> dict[str, int]:
        """p_i = v_i - (W - W_-i): the value of what it gets, minus what its presence adds."""
        return {agent: self.won[agent].value - gain for agent, gain in self.gains.items()}

    def certificate(self, **others: Mapping[str, Proven]) -> dict[str, Any]:
        """The proofs of all these solves, and of others by kind and agent."""
        return certified(self.sale, self.best, {"without": self.without, **others})


def pivots_of(sale: Sale) -> Pivots:
    """Solve for the allocation, then without each winner; UnprovenError past the node limit."""
    best = sale.best()
    return Pivots(sale, best, {agent: sale.best_without(agent, best) for agent in sorted(sale.won(best))})
