"""Of a polytope's points of least sum the nearest to a reference: floats guess what binds, fractions prove it.

Day and Cramton (2012), Quadratic Core-Selecting Payment Rules for Combinatorial Auctions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from mechanisms.solve import fractions_linear as linear
from mechanisms.solve.dual_active_set import DualActiveSet
from mechanisms.solve.errors import SolverFailedError
from mechanisms.solve.highs import quiet_solver, run_linear

Rows = Sequence[Sequence[int]]
Point = list[Fraction]
MOST_STEPS = 30


def least_sum(rows: Rows, least: Sequence[int]) -> Fraction | None:
    """The exact minimum of the sum of p over rows·p >= least; None where there is no such p."""
    multiplier = _multipliers(rows, least)
    if multiplier is None:
        return None
    support = [k for k in np.argsort(-multiplier, kind="stable").tolist() if multiplier[k] > 1e-9]
    support = [support[k] for k in linear.independent([rows[k] for k in support])]
    columns = [[rows[k][place] for k in support] for place in range(len(rows[0]))]
    exact = linear.solve(columns, [1] * len(rows[0]))
    if exact is None or min(exact, default=Fraction(0)) < 0:
        raise SolverFailedError("the multipliers of the least sum are not those of a vertex")
    return sum((y * least[k] for y, k in zip(exact, support, strict=True)), Fraction(0))


def _multipliers(rows: Rows, least: Sequence[int]) -> Any:
    """Multipliers of the linear program by HiGHS, None where it is infeasible."""
    import highspy  # noqa: PLC0415  # heavy: only where a rule needs a solver

    table = np.array(rows, float)
    scale = max(1.0, float(np.abs(np.array(least, float)).max(initial=1)) / 2**20)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = table.shape
    model.col_cost_ = np.ones(table.shape[1])
    model.col_lower_, model.col_upper_ = np.full(table.shape[1], -np.inf), np.full(table.shape[1], np.inf)
    model.row_lower_, model.row_upper_ = np.array(least, float) / scale, np.full(table.shape[0], np.inf)
    entries = [np.flatnonzero(row) for row in table]
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.cumsum([0, *map(len, entries)]).astype(np.int32)
    model.a_matrix_.index_ = np.concatenate(entries).astype(np.int32)
    model.a_matrix_.value_ = np.concatenate([row[own] for row, own in zip(table, entries, strict=True)])
    highs = quiet_solver(presolve="off", solver="simplex")
    highs.passModel(model)
    status = run_linear(highs)
    if status == "Infeasible":
        return None
    if status != "Optimal":
        raise SolverFailedError(f"HiGHS ends a linear program with {status}")
    found = np.array(highs.getSolution().row_dual, float)
    if found.shape != (len(rows),) or not np.isfinite(found).all():
        raise SolverFailedError("HiGHS gives multipliers that are not numbers")
    return found


def nearest(rows: Rows, least: Sequence[int], reference: Sequence[Fraction], total: Fraction) -> Point:
    """The point with rows·p >= least and that sum which is nearest to the reference; exact, or SolverFailedError.

    Rows enter and leave from the guess on; where that goes round in circles, Goldfarb and Idnani's method does not.
    """
    active = _guess(rows, least, reference, total)
    for _ in range(MOST_STEPS):
        active = _independent(rows, active, len(reference))
        point, weights = _project(rows, least, reference, total, active)
        missing = [least[k] - sum(r * p for r, p in zip(rows[k], point, strict=True) if r) for k in range(len(rows))]
        worst = max(range(len(rows)), key=lambda k: missing[k])
        if missing[worst] > 0:
            active = [worst, *(k for k in active if k != worst)]
            continue
        loose = min(range(len(active)), key=lambda place: weights[place], default=-1)
        if loose < 0 or weights[loose] >= 0:
            return point
        del active[loose]
    return DualActiveSet(rows, least, reference, total).solve()


def _independent(rows: Rows, active: Sequence[int], width: int) -> list[int]:
    """The active rows without those that the sum and earlier ones imply."""
    kept = linear.independent([[1] * width, *(rows[k] for k in active)])
    return [active[number - 1] for number in kept if number]


def _project(
    rows: Rows, least: Sequence[int], reference: Sequence[Fraction], total: Fraction, active: Sequence[int]
) -> tuple[Point, list[Fraction]]:
    """The reference projected on the active rows as equations, and their multipliers."""
    equations: list[Sequence[int]] = [*(rows[k] for k in active), [1] * len(reference)]
    wanted = [*(Fraction(least[k]) for k in active), total]
    missing = [
        w - sum(r * p for r, p in zip(e, reference, strict=True) if r) for e, w in zip(equations, wanted, strict=True)
    ]
    gram = [[sum(a * b for a, b in zip(one, other, strict=True)) for other in equations] for one in equations]
    weights = linear.solve(gram, missing)
    if weights is None:
        raise SolverFailedError("the binding constraints contradict each other")
    point = [
        p + sum((w * e[place] for w, e in zip(weights, equations, strict=True) if e[place]), Fraction(0))
        for place, p in enumerate(reference)
    ]
    return point, weights[:-1]


def _guess(rows: Rows, least: Sequence[int], reference: Sequence[Fraction], total: Fraction) -> list[int]:
    """Rows that bind at the optimum by cvxpy, by falling multiplier; none where it fails: fractions decide anyway."""
    import cvxpy  # noqa: PLC0415  # heavy: only where a rule needs a projection

    scale = max(1.0, float(abs(total)), *(abs(float(r)) for r in reference))
    table, bound = np.array(rows, float), np.array([float(value) / scale for value in least])
    aim = np.array([float(value) / scale for value in reference])
    point = cvxpy.Variable(len(reference))
    binding = table @ point >= bound
    problem = cvxpy.Problem(
        cvxpy.Minimize(cvxpy.sum_squares(point - aim)), [binding, cvxpy.sum(point) == float(total) / scale]
    )
    try:
        problem.solve(solver=cvxpy.CLARABEL)
    except cvxpy.error.SolverError:
        return []
    if problem.status not in ("optimal", "optimal_inaccurate") or binding.dual_value is None:
        return []
    dual = np.atleast_1d(np.array(binding.dual_value, float))
    return [k for k in np.argsort(-dual, kind="stable").tolist() if dual[k] > 1e-6]
