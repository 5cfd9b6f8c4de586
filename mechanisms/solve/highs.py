"""The only door to HiGHS: linear relaxations that start where the last one ended, and integer programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanisms.solve.cuts import Cut
from mechanisms.solve.errors import SolverFailedError, UnprovenError
from mechanisms.solve.packing import Column, Mask, Packing, Row

Floats = NDArray[np.float64]
TOLERANCE = 1e-5
# Gains beyond this are scaled down by a power of two: HiGHS' tolerances are absolute, and fail beside such numbers.
LARGEST_COST = 2**20
# No basis, then presolve, the primal simplex method, unperturbed costs, and interior points with a crossover.
OTHER_WAYS = (
    ("presolve", "off"),
    ("presolve", "on"),
    ("simplex_strategy", 4),
    ("dual_simplex_cost_perturbation_multiplier", 0.0),
    ("solver", "ipm"),
)


@dataclass(frozen=True, eq=False)
class Relaxed:
    """An optimal solution of a linear relaxation: shares of the columns, multipliers of the rows."""

    share: Floats
    multiplier: Floats


class Relaxation:
    """The linear relaxation of a packing with cuts, kept in one HiGHS so that each solve starts from the last basis.

    `pool` holds every cut that was ever added, `cuts` the numbers of those that now stand as rows after the packing's.
    """

    def __init__(self, packing: Packing) -> None:
        self.packing = packing
        self.pool: list[Cut] = []
        self.cuts: list[int] = []
        self._beside: list[Row] = []
        self._every = np.arange(packing.columns, dtype=np.int32)
        self._scale = scale_of(packing)
        self._highs = quiet_solver(presolve="off", solver="simplex")
        self._highs.passModel(_model(packing, []))

    def add(self, cuts: Sequence[Cut]) -> None:
        """More rows."""
        for cut in cuts:
            columns = np.concatenate([cut.columns, cut.widening]).astype(np.int32)
            values = np.repeat([1.0, -1.0], [len(cut.columns), len(cut.widening)])
            self._highs.addRow(-np.inf, float(cut.room), len(columns), columns, values)
            self.cuts.append(len(self.pool))
            self.pool.append(cut)

    def narrow(self, packing: Packing, rows: Sequence[Row]) -> None:
        """Another packing, `packing` with these rows beside it; those that are there already stay, cuts go."""
        same = sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(self._beside, rows, strict=False)))
        base = len(packing.room) + same
        gone = len(self._beside) - same + len(self.cuts)
        self._highs.deleteRows(gone, np.arange(base, base + gone, dtype=np.int32))
        for row in rows[same:]:
            entries = sorted(row.entries.items())
            columns, values = (np.array(part) for part in zip(*entries, strict=True))
            self._highs.addRow(-np.inf, float(row.room), len(entries), columns.astype(np.int32), values.astype(float))
        self.pool, self.cuts, self._beside = [], [], list(rows)
        self._scale = scale_of(packing)
        cost = _costs(packing)
        self._highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        self.packing = packing.beside(rows)

    def standing(self) -> list[Cut]:
        """The cuts that are rows now."""
        return [self.pool[cut] for cut in self.cuts]

    def purge(self, relaxed: Relaxed) -> None:
        """Drop the cliques that do not bind, so that relaxations stay small."""
        base = len(self.packing.room)
        binding = (relaxed.multiplier[base:] > 1e-9) | np.array([not cut.clique for cut in self.standing()], bool)
        idle = np.flatnonzero(~binding)
        self._highs.deleteRows(len(idle), (idle + base).astype(np.int32))
        self.cuts = [cut for cut, stays in zip(self.cuts, binding, strict=True) if stays]

    def solve(self, free: Mask, ones: Mask) -> Relaxed:
        """The best fractional choice with columns outside `free` at 0, or at 1 if in `ones`.

        Where there is none, the shares are 0 and the multipliers (if HiGHS has a ray) prove it by a bound below zero.
        """
        upper = (free | ones).astype(np.float64)
        self._highs.changeColsBounds(len(upper), self._every, ones.astype(np.float64), upper)
        status = run_linear(self._highs)
        if status == "Infeasible":
            return Relaxed(np.zeros(len(upper)), self._ray())
        if status != "Optimal":
            raise SolverFailedError(f"HiGHS ends a linear program with {status}")
        found = self._highs.getSolution()
        share = np.array(found.col_value, float)[: len(upper)]
        if self.packing.alike is not None:
            share = in_order(share, self.packing.alike)
        relaxed = Relaxed(share, np.array(found.row_dual, float) * self._scale)
        if not (np.isfinite(relaxed.share).all() and np.isfinite(relaxed.multiplier).all()):
            raise SolverFailedError("HiGHS gives numbers that are not finite")
        if len(relaxed.share) != len(upper) or len(relaxed.multiplier) != len(self.packing.room) + len(self.cuts):
            raise SolverFailedError("HiGHS gives a solution of another size")
        return relaxed

    def _ray(self) -> Floats:
        """Multipliers that show infeasibility, scaled beyond any gain; zeros where HiGHS has none."""
        rows = len(self.packing.room) + len(self.cuts)
        found = self._highs.getDualRay()
        ray = np.abs(np.array(found[-1] if found[1] else np.zeros(rows), float))
        if ray.shape != (rows,) or not np.isfinite(ray).all() or not ray.any():
            return np.zeros(rows)
        return ray / ray.max() * 4.0 * self.packing.total


def best_integral(packing: Packing, cliques: Sequence[Cut], free: Mask, ones: Mask, nodes: int) -> list[int] | None:
    """The best columns out of `free` beside `ones` by HiGHS' own branch and bound, at a gap under a unit.

    None where nothing goes together with `ones`.
    Raises UnprovenError past `nodes`, SolverFailedError where the status is unknown, the answer fractional or
    infeasible, or the bound a unit or more away.
    """
    kept = free | ones
    if not kept.any():
        return []
    keep = np.flatnonzero(kept)
    part = packing.restricted(keep)
    at = np.cumsum(kept) - 1
    scale = scale_of(part)
    highs = quiet_solver(mip_rel_gap=0.0, mip_abs_gap=0.5 / scale, mip_max_nodes=nodes)
    model = _model(part, [at[cut.columns[kept[cut.columns]]] for cut in cliques], integral=True)
    model.col_lower_ = np.concatenate([ones[keep], np.zeros(len(part.soft))]).astype(np.float64)
    highs.passModel(model)
    status = run_to_status(highs)
    bound = float(highs.getInfo().mip_dual_bound) * scale
    if status in ("Solution limit reached", "Iteration limit reached"):
        raise UnprovenError(0, _above(bound))
    if status == "Infeasible" and ones.any():
        return None
    if status != "Optimal":
        raise SolverFailedError(f"HiGHS ends an integer program with {status}")
    chosen = keep[_integral(np.array(highs.getSolution().col_value, float)[: len(keep)], len(keep))].tolist()
    if not packing.fits(chosen) or not set(np.flatnonzero(ones).tolist()) <= set(chosen):
        raise SolverFailedError("HiGHS gives columns that do not fit together")
    value = packing.worth(chosen)
    if not abs(bound - value) < 1:
        raise SolverFailedError(f"HiGHS calls {value} optimal beside a bound of {bound}")
    return [int(column) for column in chosen]


def _costs(packing: Packing) -> Floats:
    """What columns gain, and what it costs to break each soft row, by HiGHS' scale."""
    cost = np.concatenate([packing.gain.astype(np.float64), np.full(len(packing.soft), -float(packing.penalty))])
    return np.asarray(cost / scale_of(packing))


def scale_of(packing: Packing) -> float:
    """By what gains are divided before HiGHS sees them: a power of two, 1 where they are small enough."""
    largest = int(np.abs(packing.gain).max(initial=1))
    return float(2 ** max(0, largest.bit_length() - LARGEST_COST.bit_length() + 1))


def in_order(share: Floats, alike: Column) -> Floats:
    """The shares of units that are alike, moved to the first of them: two halves are one unit."""
    total = np.bincount(alike, weights=share)
    begins = np.flatnonzero(np.r_[True, alike[1:] != alike[:-1]])
    before = np.arange(len(alike)) - np.repeat(begins, np.diff(np.r_[begins, len(alike)]))
    filled: Floats = np.clip(np.round(total[alike], 9) - before, 0.0, 1.0)
    return filled


def _integral(share: Floats, columns: int) -> Mask:
    rounded = np.round(share)
    if len(share) != columns or not np.isfinite(share).all() or np.abs(share - rounded).max(initial=0) > TOLERANCE:
        raise SolverFailedError("HiGHS gives an answer that is fractional or not a number")
    chosen: Mask = rounded == 1
    return chosen


def _above(bound: float) -> int:
    """A whole number that is not below a floating bound."""
    return 2**62 if not np.isfinite(bound) else int(np.ceil(bound + 1e-6 + 1e-9 * abs(bound)))


def quiet_solver(**options: Any) -> Any:
    """A HiGHS that prints nothing, on one thread, from a fixed seed."""
    import highspy  # noqa: PLC0415  # heavy: only where a rule needs a solver

    highs = highspy.Highs()
    for name, value in {"output_flag": False, "threads": 1, "random_seed": 0, **options}.items():
        highs.setOptionValue(name, value)
    return highs


def run_to_status(highs: Any) -> str:
    """Run, and say how it ended in HiGHS' own words."""
    highs.run()
    return str(highs.modelStatusToString(highs.getModelStatus()))


def run_linear(highs: Any) -> str:
    """Run a linear program; where HiGHS gives up, once more from no basis, then in each of the other ways."""
    status = run_to_status(highs)
    for name, value in OTHER_WAYS:
        if status in ("Optimal", "Infeasible"):
            break
        usual = highs.getOptionValue(name)[1]
        highs.clearSolver()
        highs.setOptionValue(name, value)
        status = run_to_status(highs)
        highs.setOptionValue(name, usual)
    return status


def _model(packing: Packing, cliques: Sequence[Column], *, integral: bool = False) -> Any:
    """The packing as HiGHS takes it, maximising; rows of cliques, and columns of soft rows, come last."""
    import highspy  # noqa: PLC0415  # heavy: only where a rule needs a solver

    soft, n = np.array(packing.soft, np.int64), packing.columns + len(packing.soft)
    counted = [np.full(len(c), len(packing.room) + i) for i, c in enumerate(cliques)]
    rows = np.concatenate([packing.index, *counted, soft])
    columns = np.concatenate([packing.column_of, *cliques, np.arange(packing.columns, n)])
    ones = np.ones(len(columns) - len(packing.coef) - len(soft), np.int64)
    values = np.concatenate([packing.coef, ones, -np.ones(len(soft), np.int64)])
    order = np.argsort(columns, kind="stable")
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n, len(packing.room) + len(cliques)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = _costs(packing)
    model.col_lower_, model.col_upper_ = np.zeros(n), np.repeat([1.0, np.inf], [packing.columns, len(soft)])
    model.row_lower_ = np.full(model.num_row_, -np.inf)
    model.row_upper_ = np.concatenate([packing.room.astype(np.float64), np.ones(len(cliques))])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=n))]).astype(np.int32)
    model.a_matrix_.index_ = rows[order].astype(np.int32)
    model.a_matrix_.value_ = values[order].astype(np.float64)
    if integral:
        whole, part = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        model.integrality_ = [whole] * packing.columns + [part] * len(soft)
    return model
