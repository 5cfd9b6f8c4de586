"""Combinatorial exchange: buyers and sellers of bundles, the best trade, and payments by what each adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from pydantic import Field

from mechanisms.awarding import outcome_of, proven, without_trade
from mechanisms.bundles import Sale
from mechanisms.claims import TRUTH, fails, holds
from mechanisms.params import Proving
from mechanisms.pivots import pivots_of
from mechanisms.spec import BundleSpec
from mechanisms.types import Outcome, Problem


class VcgExchangeParams(Proving):
    """How the gains of trade are shared, and what the market may pay in."""

    pricing: Literal["vcg", "threshold"] = Field(
        "vcg",
        title="Pricing",
        examples=["vcg", "threshold"],
        description="vcg: each trader keeps what it adds. threshold: all less by one cut, so that nothing is paid in.",
    )
    deficit_cap: int | None = Field(
        None,
        ge=0,
        le=2**62,
        title="Deficit cap",
        description="What the market pays in at most, in units; past it the round is void. Empty: unlimited.",
    )


SPEC = BundleSpec(
    slug="vcg_exchange",
    title="VCG exchange",
    summary="Buyers and sellers of bundles; the best trade, each paid or charged by what it adds.",
    paper="Parkes, Kalagnanam and Eso (2001), Achieving Budget-Balance with Vickrey-Based Payment Schemes in Exchanges",
    pricing="Everybody trades at its own price less a discount for what it adds to the gains of trade.",
    params=VcgExchangeParams,
    sides="two",
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto"),
        *holds("weakly_budget_balanced", pricing="threshold"),
        *holds("truthful", "efficient", assumes=TRUTH, pricing="vcg", deficit_cap=None),
        *fails("weakly_budget_balanced", "budget_balanced", assumes=TRUTH, pricing="vcg"),
        *fails("truthful", assumes=TRUTH, pricing="threshold"),
        *fails("budget_balanced", assumes=TRUTH, pricing="threshold"),
    ),
)


def solve(problem: Problem, params: VcgExchangeParams) -> Outcome:
    """One solve for the trade, one without each trader; void where the market would pay in more than its cap."""
    return proven(problem, params, lambda sale: traded(sale, params))


def traded(sale: Sale, params: VcgExchangeParams) -> Outcome:
    """Each trader keeps what it adds to the gains of trade; under `threshold` all of it beyond one cut."""
    pivots = pivots_of(sale)
    payments, told = pivots.payments, pivots.certificate()
    if params.pricing == "threshold":
        cut = threshold(pivots.gains, pivots.best.value)
        kept = {agent: max(Fraction(0), gain - cut).__floor__() for agent, gain in pivots.gains.items()}
        payments = {agent: offer.value - kept[agent] for agent, offer in pivots.won.items()}
        told["threshold"] = str(cut)
    deficit = max(0, -sum(payments.values()))
    if params.deficit_cap is not None and deficit > params.deficit_cap:
        return without_trade(sale, "void", grade=told["grade"], deficit=deficit)
    return outcome_of(sale, pivots.best, payments, {**told, "deficit": deficit})


def threshold(discounts: Mapping[str, int], gains: int) -> Fraction:
    """The least cut c at which the discounts above it, each less c, sum to no more than the gains of trade."""
    above = sorted(discounts.values(), reverse=True)
    if sum(above) <= gains:
        return Fraction(0)
    for count in range(len(above), 0, -1):
        cut = Fraction(sum(above[:count]) - gains, count)
        if above[count - 1] >= cut >= (above[count] if count < len(above) else 0):
            return cut
    raise AssertionError("the gains of trade are never negative")
