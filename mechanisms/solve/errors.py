"""What can go wrong in a solve: the solver failed, or the limit on work was reached before a proof."""

from __future__ import annotations


class SolverFailedError(RuntimeError):
    """The solver died, or gave a status, a number or an answer that cannot be true. Nothing may be paid on it."""


class NotSolvedError(RuntimeError):
    """A convex program has no optimum, or none was reached: `status` is the solver's own word."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class NoPointError(SolverFailedError):
    """No point satisfies all constraints, shown in fractions."""


class UnprovenError(RuntimeError):
    """The node limit was reached: the optimum lies between `low` (reached) and `high` (proven), both in units."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(f"the optimum is between {low} and {high}; no more nodes are allowed")
        self.low = low
        self.high = high
