"""The greatest welfare that a lot can give, found by pairing units from the best down."""

from __future__ import annotations

from typing import NamedTuple

from mechanisms.bids import Lot
from mechanisms.check.reports import Run, reports
from mechanisms.types import Problem


class Best(NamedTuple):
    """The greatest welfare of a lot, and a price that supports it: no unit traded or untraded wants otherwise."""

    welfare: int
    price: int


def best_case(problem: Problem, lot: Lot, two_sided: bool) -> Best:
    """Pair the best wanted unit with the cheapest offered one while both gain; the owner takes the missing side.

    The supporting price is the dearest of what was given for the last pair and what was offered in vain.
    """
    demand, supply = sides(problem, lot, two_sided)
    total, last_cost = 0, 0
    while demand and supply and demand[-1][1] + supply[-1][1] > 0:
        (wanted, value), (offered, cost) = demand.pop(), supply.pop()
        traded = min(wanted, offered)
        total, last_cost = total + traded * (value + cost), -cost
        if wanted > traded:
            demand.append((wanted - traded, value))
        if offered > traded:
            supply.append((offered - traded, cost))
    return Best(total, max(last_cost, demand[-1][1] if demand else 0))


def sides(problem: Problem, lot: Lot, two_sided: bool) -> tuple[list[Run], list[Run]]:
    """Runs of units on each side, worst first; costs are negative worth. The lot's owner takes the missing side."""
    demand = [run for report in reports(problem) for run in report.buys.get(lot.id, [])]
    supply = [run for report in reports(problem) for run in report.sells.get(lot.id, [])]
    if not two_sided:
        own = 1 if lot.supply is None else lot.supply
        if problem.params.get("direction") == "buy":
            demand = [(own, lot.reserve)]
        else:
            supply = [(own, -lot.reserve)]
    return sorted(demand, key=lambda run: run[1]), sorted(supply, key=lambda run: run[1])
