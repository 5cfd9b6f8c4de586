"""Convex Nash bargaining of 50 parties over three resources, against a bare cvxpy program on Clarabel."""

from __future__ import annotations

import sys

import cvxpy as cp
import numpy as np
from measuring_mechanisms import by_turns, heading, report

import mechanisms
from mechanisms.engine import clear, prepare_any

PARTIES, RESOURCES, SEED = 50, 3, 5


def problem(coefficients: np.ndarray) -> dict[str, object]:
    """Logarithmic utilities of three resources."""
    parties = {
        f"p{i:02}": {
            "terms": [
                {"resource": f"r{j}", "kind": "log", "coefficient": float(c)} for j, c in enumerate(coefficients[i])
            ]
        }
        for i in range(PARTIES)
    }
    return {"mechanism": "nash_bargaining", "resources": {f"r{j}": 10 for j in range(RESOURCES)}, "parties": parties}


class Bare:
    """The same program, compiled once, its coefficients parameters."""

    def __init__(self) -> None:
        self.coefficients = cp.Parameter((PARTIES, RESOURCES), nonneg=True)
        self.shares = cp.Variable((PARTIES, RESOURCES), nonneg=True)
        gains = cp.sum(cp.multiply(self.coefficients, cp.log1p(self.shares)), axis=1)
        self.program = cp.Problem(cp.Maximize(cp.sum(cp.log(gains))), [cp.sum(self.shares, axis=0) <= 10])

    def solve(self, coefficients: np.ndarray) -> np.ndarray:
        """Shares for these coefficients."""
        self.coefficients.value = coefficients
        self.program.solve(solver=cp.CLARABEL)
        return np.array(self.shares.value)


def main() -> int:
    """Print the ratios with and without the peer's compilation; 1 where ours takes longer than solving alone."""
    coefficients = np.round(np.random.default_rng(SEED).uniform(0.5, 5, (PARTIES, RESOURCES)), 3)
    raw, bare = mechanisms.read_problem(problem(coefficients)).to_json(), Bare()
    theirs = bare.solve(coefficients)
    ours = mechanisms.run("nash_bargaining", mechanisms.read_problem(raw))
    assert ours.status == "cleared"
    mine = np.array([[float(x) for x in share.values()] for share in ours.shares.values()])
    assert np.abs(mine - theirs).max() < 1e-3

    heading(f"{PARTIES} parties, {RESOURCES} resources, logarithmic utilities, seed {SEED}")
    prepared = prepare_any(mechanisms.get("nash_bargaining"), raw)

    def run() -> object:
        return clear(prepared)

    built = by_turns(run, lambda: Bare().solve(coefficients), runs=9)
    report("nash_bargaining", built, "cvxpy, built and solved", 1)
    solved = by_turns(run, lambda: bare.solve(coefficients), runs=9)
    return 0 if report("nash_bargaining", solved, "cvxpy, solved again    ", 1) else 1


if __name__ == "__main__":
    sys.exit(main())
