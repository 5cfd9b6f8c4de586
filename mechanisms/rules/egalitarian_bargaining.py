"""The egalitarian solution: the largest least gain, then the next to least."""

from __future__ import annotations

import numpy as np

from mechanisms.bargaining import sharing
from mechanisms.bargaining.dividing import settle_shares
from mechanisms.bargaining.params import Convexified
from mechanisms.bargaining.points import leximin_rows
from mechanisms.bargaining.settling import gains, settle
from mechanisms.bargaining.table import Table
from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.claims import fails, holds
from mechanisms.spec import Spec


class EgalitarianParams(Convexified):
    """Lotteries."""


SPEC = Spec(
    slug="egalitarian_bargaining",
    title="Egalitarian bargaining solution",
    summary="The agreement whose least gain is largest, then the next to least, and so on.",
    paper="Kalai (1977), Proportional Solutions to Bargaining Situations, Econometrica 45; Imai (1983) for the leximin",
    pricing="Nobody could gain more without somebody who gains no more than that one gaining less.",
    kind="bargaining",
    params=EgalitarianParams,
    claims=(
        *holds("feasible", "individually_rational", "budget_balanced", "pareto", "optimal_for_reports"),
        *holds("symmetric", "independent_of_alternatives"),
        *fails("truthful", "scale_invariant", "monotone"),
    ),
)


def solve(problem: Bargain, params: EgalitarianParams) -> Bargained:
    """Leximin of gains, as they are stated."""

    def pick(table: Table, rows: np.ndarray) -> np.ndarray:
        return rows[leximin_rows(gains(table, rows))]

    if problem.resources:
        return settle_shares(problem, sharing.leximin)
    if params.convexify:
        from mechanisms.bargaining import chances, lotteries  # noqa: PLC0415 - only lotteries need the solver

        return lotteries.settle_lottery(problem, chances.leximin)
    return settle(problem, pick)
