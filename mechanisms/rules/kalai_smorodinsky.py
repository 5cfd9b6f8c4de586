"""The Kalai-Smorodinsky solution: equal shares of the most that each could hope for."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from mechanisms.bargaining import sharing
from mechanisms.bargaining.dividing import settle_shares
from mechanisms.bargaining.front import pareto_front
from mechanisms.bargaining.params import Convexified
from mechanisms.bargaining.points import closest_ratio_rows, leximin_rows
from mechanisms.bargaining.settling import gains, settle
from mechanisms.bargaining.table import Table
from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.claims import fails, holds
from mechanisms.errors import ProblemError
from mechanisms.spec import Spec


class KalaiSmorodinskyParams(Convexified):
    """Which of the definitions in use, and whether the agreements are restricted to what all accept."""

    definition: Literal["leximin", "closest_ratio", "ray"] = Field(
        "leximin",
        title="Definition",
        description="leximin: largest least share of the ideal gain, then the next. closest_ratio: two parties, as ANL "
        "and Genius publish it. ray: convex sets, the last point on the line to the ideal.",
    )
    individually_rational: bool = Field(
        True,
        title="Individually rational",
        examples=[True, False],
        description="Leave out what is worse than disagreement for somebody.",
    )

    @model_validator(mode="after")
    def _fitting(self) -> KalaiSmorodinskyParams:
        if not self.individually_rational and self.definition != "closest_ratio":
            raise ValueError("shares of ideal gains are of individually rational agreements; only closest_ratio is not")
        if self.definition == "closest_ratio" and self.convexify:
            raise ValueError("closest_ratio is defined for single agreements, not for lotteries")
        return self


SPEC = Spec(
    slug="kalai_smorodinsky",
    title="Kalai-Smorodinsky solution",
    summary="The agreement that gives all the largest equal share of what each could gain at most.",
    paper="Kalai and Smorodinsky (1975), Other Solutions to Nash's Bargaining Problem, Econometrica 43; Imai (1983)",
    pricing="All gain as nearly as possible the same share of the most that each could have gained.",
    kind="bargaining",
    params=KalaiSmorodinskyParams,
    claims=(
        *holds("feasible", "budget_balanced", "optimal_for_reports"),
        *holds("individually_rational", individually_rational=True),
        *fails("individually_rational", individually_rational=False),
        *holds("symmetric"),
        *holds("pareto", definition="leximin"),
        *holds("pareto", definition="closest_ratio"),
        *holds("scale_invariant", definition="leximin"),
        *fails("scale_invariant", definition="closest_ratio"),
        *fails("pareto", definition="ray"),
        *holds("pareto", assumes=("two_parties",), definition="ray"),
        *fails("truthful", "independent_of_alternatives"),
        *holds("monotone", assumes=("two_parties",), convexify=True),
        *fails("monotone", convexify=False),
    ),
)


def solve(problem: Bargain, params: KalaiSmorodinskyParams) -> Bargained:
    """Leximin of gains over ideal gains, or the Pareto point with the closest shares of greatest utilities."""
    if problem.resources or params.convexify:
        return on_convex_sets(problem, params)
    if params.definition == "ray":
        raise ProblemError("needs_convex_set", "a single agreement need not lie on the ray", "/params/definition")
    if params.definition == "closest_ratio":
        return settle(problem, closest, rational=params.individually_rational)
    return settle(problem, fairest)


def fairest(table: Table, rows: np.ndarray) -> np.ndarray:
    """The leximin of gains over ideal gains, ideals over these very rows."""
    found = gains(table, rows)
    return rows[leximin_rows(found, [int(own.max()) for own in found])]


def closest(table: Table, rows: np.ndarray) -> np.ndarray:
    """The published discrete definition; raw utilities, two parties, ties apart the front's only one."""
    utility = table.utility[:, rows]
    if len(utility) != 2:
        raise ProblemError("two_parties_only", "closest_ratio is defined for two parties", "/params/definition")
    if min(int(own.max()) for own in utility) <= 0:
        raise ProblemError("no_ratio", "closest_ratio needs positive greatest utilities", "/params/definition")
    return rows[closest_ratio_rows(utility, pareto_front(utility))]


def on_convex_sets(problem: Bargain, params: KalaiSmorodinskyParams) -> Bargained:
    """Leximin of shares of the ideal over shares or lotteries, or the last point on the line to the ideal."""
    from mechanisms.bargaining import chances, lotteries  # noqa: PLC0415 - only lotteries need the solver

    if params.definition == "closest_ratio":
        raise ProblemError("single_agreements_only", "closest_ratio compares single agreements", "/params/definition")
    if problem.resources:
        return settle_shares(problem, sharing.share_of_ideal, ray=params.definition == "ray")
    if params.definition == "ray":
        raise ProblemError("needs_shares", "no lottery need lie on the ray; it is for resources", "/params/definition")
    return lotteries.settle_lottery(problem, chances.share_of_ideal)
