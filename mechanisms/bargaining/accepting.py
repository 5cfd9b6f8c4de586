"""Whether the checks accept an outcome as it will be published; what they would refute is stated as unproven."""

from __future__ import annotations

from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.check.bargains import lotteries, shares

REFUTED = "the proof leaves room for something better"


def accepted(problem: Bargain, outcome: Bargained) -> bool:
    """Whether the checker of shares or lotteries, which knows nothing of how they were found, finds nothing wrong."""
    proofs = shares if problem.resources else lotteries
    # Pareto asks for the optimum too; the ray's point need not be Pareto, nor a sum of utilities rational.
    best = proofs.optimal_for_reports if problem.params.get("definition") == "ray" else proofs.pareto
    checks = [proofs.consistent, best]
    if problem.params.get("individually_rational", True):
        checks.append(proofs.individually_rational)
    return not any(finding for check in checks for finding in check(problem, outcome))
