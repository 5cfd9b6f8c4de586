"""What it is to share resources among parties with concave gains: who gains what, what is aimed at, and a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechanisms.solve.curves import Curves, Floats


@dataclass(frozen=True, eq=False)
class Sharing:
    """There is 1 of each resource. By variable: its party, its resource, its curves and the most that it can be.

    `base` is what each party gains with nothing. All gains should be around 1.
    """

    party: NDArray[np.intp]
    resource: NDArray[np.intp]
    curves: Curves
    most: Floats
    base: Floats
    resources: int


@dataclass(frozen=True, eq=False)
class Aim:
    """Maximise sum of logs x ln(gain) + sum of weights x gain + level, where a held party's gain >= rise x level.

    Arrays over the parties; without `rise` there is no level, and held gains are at least 0.
    """

    logs: Floats
    weights: Floats
    held: NDArray[np.bool_]
    rise: Floats | None = None


class Point(NamedTuple):
    """An optimum, or a direction to it: variables, what is left of resources, gains above the floor, the level; then
    the multipliers of no variable negative, prices, those of the floors, and of no variable above its most."""

    variables: Floats
    left: Floats
    above: Floats
    level: float
    duals: Floats
    prices: Floats
    floors: Floats
    caps: Floats

    def moved(self, step: Point, primal: float, dual: float) -> Point:
        """So far along a direction."""
        return Point(
            self.variables + primal * step.variables,
            self.left + primal * step.left,
            self.above + primal * step.above,
            self.level + primal * step.level,
            self.duals + dual * step.duals,
            self.prices + dual * step.prices,
            self.floors + dual * step.floors,
            self.caps + dual * step.caps,
        )


class Targets(NamedTuple):
    """What the products of variables and multipliers should come to."""

    duals: Floats | float
    prices: Floats | float
    floors: Floats | float
    caps: Floats | float
