"""A vertex of a linear relaxation in fractions, from floats that say where it is."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from mechanisms.solve import fractions_linear as linear
from mechanisms.solve.errors import SolverFailedError
from mechanisms.solve.packing import Packing

NEAR = 1e-6


def vertex(packing: Packing, share: NDArray[np.float64]) -> dict[int, Fraction]:
    """The shares above 0 as fractions: those within (0, 1) solve the rows that bind. It is checked to fit exactly.

    Raises SolverFailedError where the floats are near no vertex.
    """
    whole = np.flatnonzero(share >= 1 - NEAR)
    parts = np.flatnonzero((share > NEAR) & (share < 1 - NEAR))
    left = packing.room - packing.dense[:, whole].sum(axis=1)
    binding = np.flatnonzero(np.abs(left - packing.dense[:, parts] @ share[parts]) < NEAR)
    table = packing.dense[np.ix_(binding, parts)]
    solved = linear.solve(table.tolist(), left[binding].tolist()) if len(parts) else []
    if solved is None or any(not 0 <= part <= 1 for part in solved):
        raise SolverFailedError("HiGHS gives shares that are near no vertex")
    for row, room in zip(packing.dense[:, parts].tolist(), left.tolist(), strict=True):
        if sum((value * part for value, part in zip(row, solved, strict=True) if value), Fraction(0)) > room:
            raise SolverFailedError("HiGHS gives shares that do not fit together")
    return {int(column): Fraction(1) for column in whole} | dict(zip(parts.tolist(), solved, strict=True))
