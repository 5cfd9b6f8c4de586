"""The integer dual bound: what multipliers prove about every choice of atoms, in integers alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mechanisms.solve.cuts import Cut
from mechanisms.solve.highs import Relaxation, Relaxed
from mechanisms.solve.packing import Mask, Packing, exact

SHIFT = 20
Prices = dict[int, int]  # multiplier << SHIFT of each row; the pool's cliques count on after the packing's rows


@dataclass(frozen=True, eq=False)
class Bound:
    """Proven for all choices out of `free` that contain `ones`: gain << SHIFT is at most `most`.

    `reduced` is what each column adds beyond its price by the multipliers (<< SHIFT).
    """

    most: int
    reduced: Any

    @property
    def floor(self) -> int:
        """The bound in units: no choice has more."""
        return self.most >> SHIFT

    def settle(self, free: Mask, ones: Mask, target: int) -> tuple[Mask, Mask]:
        """`free` and `ones` when columns that must be out or in to reach `target` are settled: reduced-cost fixing."""
        slack = self.most - (target << SHIFT)
        out = free & (self.reduced < 0) & (self.reduced + slack < 0)
        into = free & (self.reduced > 0) & (slack - self.reduced < 0)
        return free & ~out & ~into, ones | into


def prices_of(relaxation: Relaxation, relaxed: Relaxed) -> Prices:
    """The multipliers as integers, none negative: any such numbers give a true bound, good ones a near one."""
    base = len(relaxation.packing.room)
    names = [*range(base), *(base + cut for cut in relaxation.cuts)]
    scaled = np.clip(relaxed.multiplier * (1 << SHIFT), 0, 2.0**80)
    if relaxation.packing.soft:  # beyond this it would pay to break the row
        soft = list(relaxation.packing.soft)
        scaled[soft] = np.minimum(scaled[soft], float(relaxation.packing.penalty << SHIFT))
    return {name: int(price) for name, price in zip(names, np.rint(scaled), strict=True) if price > 0}


def weigh(packing: Packing, pool: list[Cut], prices: Mapping[int, int], free: Mask, ones: Mask) -> Bound:
    """Weak duality: room·y + sum over free columns of max(0, gain - column·y), with `ones` counted in full."""
    narrow = packing.narrow and max(prices.values(), default=0) <= packing.total << SHIFT
    base = len(packing.room)
    y = np.zeros(base, np.int64 if narrow else object)
    cuts = 0
    for row, price in prices.items():
        if row < base:
            y[row] = price
    reduced = exact(packing.gain, narrow) * (1 << SHIFT)
    np.subtract.at(reduced, packing.column_of, y[packing.index] * exact(packing.coef, narrow))
    for row, price in prices.items():
        if row >= base:
            cut = pool[row - base]
            reduced[cut.columns] -= price
            reduced[cut.widening] += price
            cuts += price * cut.room
    most = int((exact(packing.room, narrow) * y).sum()) + cuts
    most += int(reduced[ones].sum()) + int(np.maximum(reduced[free], 0).sum())
    return Bound(most, reduced)
