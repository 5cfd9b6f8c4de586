"""The greatest welfare that a lot can give, found by walking from the best unit down."""

from __future__ import annotations

from mechanisms.bids import Lot
from mechanisms.check.reports import Run, reports
from mechanisms.types import Problem


def best_welfare(problem: Problem, lot: Lot, two_sided: bool) -> int:
    """Welfare of the best allocation of one lot; reserves count as the lot owner's own bid."""
    demand, supply = sides(problem, lot, two_sided)
    total = 0
    while demand and supply and demand[-1][1] + supply[-1][1] > 0:
        (wanted, value), (offered, cost) = demand.pop(), supply.pop()
        traded = min(wanted, offered)
        total += traded * (value + cost)
        if wanted > traded:
            demand.append((wanted - traded, value))
        if offered > traded:
            supply.append((offered - traded, cost))
    return total


def sides(problem: Problem, lot: Lot, two_sided: bool) -> tuple[list[Run], list[Run]]:
    """Runs of units on each side, worst first; costs are negative worth. The lot's owner takes the missing side."""
    low = problem.params.get("minimum", 0)
    demand = [run for report in reports(problem) for run in report.buys.get(lot.id, [])]
    supply = [run for report in reports(problem) for run in report.sells.get(lot.id, []) if -run[1] >= low]
    if not two_sided:
        own = 1 if lot.supply is None else lot.supply
        if problem.params.get("direction") == "buy":
            demand = [(own, lot.reserve)]
        else:
            supply = [(own, -lot.reserve)]
    return sorted(demand, key=lambda run: run[1]), sorted(supply, key=lambda run: run[1])
