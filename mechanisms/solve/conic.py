"""The door to Clarabel, the solver that cvxpy calls: concave programs written as cones, and answers that are proven.

Modelling in cones directly keeps a program of a few hundred rows a matter of milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mechanisms.solve.errors import NotSolvedError

TOLERANCE = 1e-10


@dataclass(frozen=True)
class Line:
    """An affine expression: coefficients by variable, and a constant."""

    terms: dict[int, float]
    constant: float = 0.0

    def plus(self, other: Line, times: float = 1.0) -> Line:
        """self + times * other."""
        terms = dict(self.terms)
        for index, value in other.terms.items():
            terms[index] = terms.get(index, 0.0) + times * value
        return Line(terms, self.constant + times * other.constant)


def line(terms: dict[int, float] | None = None, constant: float = 0.0) -> Line:
    """An expression from its parts."""
    return Line(terms or {}, constant)


@dataclass
class Program:
    """Variables and the cones in which expressions of them lie."""

    size: int = 0
    zeros: list[Line] = field(default_factory=list)
    positives: list[Line] = field(default_factory=list)
    exponentials: list[tuple[Line, Line, Line]] = field(default_factory=list)

    def copy(self) -> Program:
        """The same program, to which other constraints can be added."""
        return Program(self.size, [*self.zeros], [*self.positives], [*self.exponentials])

    def variable(self) -> int:
        """A new variable."""
        self.size += 1
        return self.size - 1

    def positive(self, expression: Line) -> int:
        """expression >= 0; its place among the multipliers."""
        self.positives.append(expression)
        return len(self.positives) - 1

    def zero(self, expression: Line) -> None:
        """expression = 0."""
        self.zeros.append(expression)

    def below_log(self, low: Line, high: Line) -> None:
        """low <= ln(high)."""
        self.exponentials.append((low, Line({}, 1.0), high))


@dataclass(frozen=True)
class Solved:
    """An optimum: the variables, and a multiplier for each `positive` constraint in order."""

    values: Any
    multipliers: Any

    def of(self, expression: Line) -> float:
        """The expression's value."""
        return expression.constant + sum(self.values[index] * value for index, value in expression.terms.items())


def maximise(program: Program, goal: Line, tolerance: float = TOLERANCE) -> Solved:
    """The maximum of `goal`, its gap within `tolerance`; NotSolvedError where there is none, or none was reached."""
    import clarabel  # noqa: PLC0415 - heavy, and only convex problems need it
    from scipy import sparse  # noqa: PLC0415 - the same

    rows = [*program.zeros, *program.positives]
    rows += [row for cone in program.exponentials for row in cone]
    cones: list[Any] = [clarabel.ZeroConeT(len(program.zeros))] if program.zeros else []
    cones += [clarabel.NonnegativeConeT(len(program.positives))] if program.positives else []
    cones += [clarabel.ExponentialConeT()] * len(program.exponentials)
    entries = [(number, index, -value) for number, row in enumerate(rows) for index, value in row.terms.items()]
    at, to, value = zip(*entries, strict=True)
    matrix = sparse.csc_matrix((value, (at, to)), shape=(len(rows), program.size))
    cost = np.zeros(program.size)
    for index, gain in goal.terms.items():
        cost[index] = -gain
    constants = np.array([row.constant for row in rows])
    none = sparse.csc_matrix((program.size, program.size))
    found = clarabel.DefaultSolver(none, cost, matrix, constants, cones, _settings(clarabel, tolerance)).solve()
    if str(found.status) not in ("Solved", "AlmostSolved"):
        raise NotSolvedError(str(found.status))
    start = len(program.zeros)
    return Solved(np.array(found.x), np.array(found.z)[start : start + len(program.positives)])


def _settings(clarabel: Any, tolerance: float) -> Any:
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
    return settings


def total(expressions: Sequence[Line], weights: Sequence[float]) -> Line:
    """The weighted sum."""
    terms: dict[int, float] = {}
    constant = 0.0
    for expression, weight in zip(expressions, weights, strict=True):
        constant += weight * expression.constant
        for index, value in expression.terms.items():
            terms[index] = terms.get(index, 0.0) + weight * value
    return Line(terms, constant)
