"""The utilitarian solution: the greatest weighted sum of utilities (many data sets call this point "Kalai")."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from mechanisms.bargaining import sharing
from mechanisms.bargaining.dividing import settle_shares
from mechanisms.bargaining.params import Convexified, Weighted, whole_weights
from mechanisms.bargaining.points import utilitarian_rows
from mechanisms.bargaining.settling import settle
from mechanisms.bargaining.table import Table
from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.claims import fails, holds
from mechanisms.spec import Spec


class UtilitarianParams(Weighted, Convexified):
    """Weights of the parties, and whether the agreements are restricted to what all accept."""

    individually_rational: bool = Field(
        True,
        title="Individually rational",
        examples=[True, False],
        description="Leave out what is worse than disagreement for somebody.",
    )


SPEC = Spec(
    slug="utilitarian_bargaining",
    title="Utilitarian bargaining solution",
    summary="The agreement with the greatest sum of utilities.",
    paper="Myerson (1981), Utilitarianism, Egalitarianism, and the Timing Effect in Social Choice, Econometrica 49",
    pricing="Of all agreements that nobody would refuse, it has the greatest sum of utilities.",
    kind="bargaining",
    params=UtilitarianParams,
    claims=(
        *holds("feasible", "budget_balanced", "pareto", "optimal_for_reports"),
        *holds("individually_rational", individually_rational=True),
        *fails("individually_rational", individually_rational=False),
        *holds("independent_of_alternatives", individually_rational=False),
        *fails("independent_of_alternatives", individually_rational=True),
        *holds("symmetric", weights={}),
        *fails("truthful", "scale_invariant", "monotone"),
    ),
)


def solve(problem: Bargain, params: UtilitarianParams) -> Bargained:
    """Maximise the weighted sum of utilities; utilities must be comparable for this to mean anything."""
    weights, rational = whole_weights(params, problem.agents()), params.individually_rational

    def pick(table: Table, rows: np.ndarray) -> np.ndarray:
        return rows[utilitarian_rows(table.utility[:, rows], weights)]

    if problem.resources:
        return settle_shares(problem, lambda found: sharing.utilitarian(found, weights, rational=rational))
    if params.convexify:
        from mechanisms.bargaining import chances, lotteries  # noqa: PLC0415 - only lotteries need the solver

        return lotteries.settle_lottery(
            problem, lambda names, gain: chances.alone(names, gain, weights), rational=rational, only=pick
        )
    return settle(problem, pick, rational=rational)
