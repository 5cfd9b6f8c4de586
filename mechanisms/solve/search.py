"""Branch and bound over relaxations that start warm: every closed node has an integer proof of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mechanisms.solve.bound import SHIFT, Prices, prices_of, weigh
from mechanisms.solve.cliques import violated
from mechanisms.solve.cuts import another_than
from mechanisms.solve.highs import Relaxation, Relaxed
from mechanisms.solve.packing import Mask
from mechanisms.solve.rounding import completed

ROOT_ROUNDS, NODE_ROUNDS = 20, 2
MOST_ROWS = 150
LEAST_PROGRESS = 0.02


@dataclass
class Step:
    """One node of a proof, in the order of the search: multipliers of its relaxations, then the column branched on.

    `branch` is -1 where the last multipliers close the node; `first` is the value of the branch that follows at once.
    """

    passes: list[Prices] = field(default_factory=list)
    branch: int = -1
    first: int = 1


@dataclass
class Search:
    """Looks for more than `value` units; `best` is what reaches that value.

    With `ties`, every other choice that is worth as much is looked for too, and kept in `equals`; each becomes a row
    that it breaks, so that the relaxation must do something else. Such a search is not told as a proof.
    """

    relaxation: Relaxation
    best: list[int]
    value: int
    ties: bool = False
    equals: list[list[int]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    high: int = 2**62
    root: tuple[Mask, Mask] | None = None
    open: list[tuple[Mask, Mask]] = field(default_factory=list)

    @property
    def target(self) -> int:
        """What a node must be able to reach to stay open."""
        return self.value if self.ties else self.value + 1

    def run(self, free: Mask, ones: Mask, limit: int, most_equals: int = 32) -> bool:
        """Whether all is proven within `limit` nodes and `most_equals` equal choices."""
        self.open = [(free, ones)]
        while self.open:
            if len(self.steps) >= limit or len(self.equals) > most_equals:
                return False
            self._node(*self.open.pop())
        return True

    def offer(self, chosen: list[int]) -> bool:
        """A choice that fits may be the best, or another one as good: whether it is."""
        value = self.relaxation.packing.worth(chosen)
        if value < self.target or chosen in self.equals:
            return False
        self.value, self.best = value, chosen
        if self.ties:
            self.equals.append(chosen)
            self.relaxation.add([another_than(self.relaxation.packing, chosen)])
        return True

    def _node(self, free: Mask, ones: Mask) -> None:
        """Bound, settle and cut until nothing moves; then branch."""
        step = Step()
        self.steps.append(step)
        packing, gap = self.relaxation.packing, 0
        for _ in range(NODE_ROUNDS if self.root else ROOT_ROUNDS):
            relaxed = self.relaxation.solve(free, ones)
            step.passes.append(prices_of(self.relaxation, relaxed))
            bound = weigh(packing, self.relaxation.pool, step.passes[-1], free, ones)
            self.high = min(self.high, bound.floor) if self.root is None else self.high
            found = bound.floor >= self.target and self._round(relaxed, free, ones)
            if bound.floor < self.target:
                return
            before_settling = free
            free, ones = bound.settle(free, ones, self.target)
            if (free == before_settling).all():
                step.passes.pop()  # proves nothing that is used
            before, gap = gap, bound.most - (self.value << SHIFT)
            if found and self.ties:
                continue
            if (before and before - gap < LEAST_PROGRESS * before) or not self._cut(relaxed):
                break
        self.root = self.root or (free, ones)
        self._branch(step, relaxed, free, ones)

    def _round(self, relaxed: Relaxed, free: Mask, ones: Mask) -> bool:
        """Whether rounding the fractional choice gives something new."""
        chosen = completed(self.relaxation.packing, relaxed.share, free, ones)
        return chosen is not None and self.offer(chosen)

    def _cut(self, relaxed: Relaxed) -> bool:
        """Whether rows were found that the fractional choice breaks."""
        cuts = violated(self.relaxation.packing, relaxed.share)
        if len(self.relaxation.cuts) > MOST_ROWS and cuts:
            self.relaxation.purge(relaxed)
        self.relaxation.add(cuts)
        return bool(cuts)

    def _branch(self, step: Step, relaxed: Relaxed, free: Mask, ones: Mask) -> None:
        """On the column whose rounding costs most, first with it: much is settled then, and good choices come early."""
        packing = self.relaxation.packing
        if not free.any():
            chosen = np.flatnonzero(ones).tolist()
            if packing.fits(chosen):
                self.offer(chosen)
            return
        share = np.where(free, relaxed.share, 0.0)
        cost = np.where(free, np.minimum(share, 1 - share) * np.maximum(packing.gain, 1), -1.0)
        column = int(np.argmax(cost))
        if cost[column] <= 1e-9:  # all shares are whole: ties are sought on the columns in use
            column = int(np.argmax(np.where(free, share, -1.0)))
        without, within = free.copy(), ones.copy()
        without[column], within[column] = False, True
        zero, one = (without, ones), (without & ~packing.conflicts[column], within)
        step.branch = column
        self.open += [zero, one]
