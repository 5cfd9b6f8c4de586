"""The Nash bargaining solution: the greatest product of what the parties gain above disagreement."""

from __future__ import annotations

import numpy as np

from mechanisms.bargaining import sharing
from mechanisms.bargaining.dividing import settle_shares
from mechanisms.bargaining.params import Convexified, Weighted, whole_weights
from mechanisms.bargaining.points import nash_rows
from mechanisms.bargaining.settling import gains, settle
from mechanisms.bargaining.table import Table
from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.claims import fails, holds
from mechanisms.spec import Spec


class NashParams(Weighted, Convexified):
    """Weights of the parties (asymmetric Nash), and lotteries."""


SPEC = Spec(
    slug="nash_bargaining",
    title="Nash bargaining solution",
    summary="The agreement with the greatest product of gains over disagreement.",
    paper="Nash (1950), The Bargaining Problem, Econometrica 18; Kalai (1977), Nonsymmetric Nash Solutions",
    pricing="Of all agreements that nobody would refuse, it has the greatest product of what the parties gain.",
    kind="bargaining",
    params=NashParams,
    claims=(
        *holds("feasible", "individually_rational", "budget_balanced", "pareto", "optimal_for_reports"),
        *holds("scale_invariant", "independent_of_alternatives"),
        *holds("symmetric", weights={}),
        *fails("truthful", "monotone"),
    ),
)


def solve(problem: Bargain, params: NashParams) -> Bargained:
    """Maximise the product of gains, each to the power of its party's weight."""

    def pick(table: Table, rows: np.ndarray) -> np.ndarray:
        return rows[nash_rows(gains(table, rows), weights)]

    weights = whole_weights(params, problem.agents())
    if problem.resources:
        return settle_shares(problem, lambda found: sharing.nash(found, weights))
    if params.convexify:
        from mechanisms.bargaining import chances, lotteries  # noqa: PLC0415 - only lotteries need the solver

        return lotteries.settle_lottery(problem, lambda names, gain: chances.nash(names, gain, weights))
    return settle(problem, pick)
