"""Core-selecting auction: the best allocation at the least payments that no coalition would outbid."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Literal

from pydantic import Field

from mechanisms.awarding import outcome_of, proven
from mechanisms.bundles import Sale
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.core import Core
from mechanisms.params import Bundled
from mechanisms.pivots import pivots_of
from mechanisms.spec import BundleSpec
from mechanisms.types import Outcome, Problem


class CoreSelectingParams(Bundled):
    """To what the payments are drawn, of those with the least sum."""

    reference: Literal["vcg", "zero", "bids"] = Field(
        "vcg",
        title="Reference",
        description="Of the least payments in the core, those nearest to VCG's, to zero, or to the bids.",
    )


SPEC = BundleSpec(
    slug="core_selecting",
    title="Core-selecting",
    summary="Bundles of lots; the best allocation at the least payments that no group of bidders would beat.",
    paper="Day and Raghavan (2007), Fair Payments for Efficient Allocations, Management Science 53; "
    "Day and Cramton (2012), Quadratic Core-Selecting Payment Rules, Operations Research 60",
    pricing="Winners together pay the least that no other group, together with the owners, would have paid more for.",
    params=CoreSelectingParams,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "core_for_reports"),
        *fails("truthful", assumes=TRUTH_RESERVED),
    ),
)


def solve(problem: Problem, params: CoreSelectingParams) -> Outcome:
    """VCG first; then constraints of coalitions that would block, one by one, until none is left."""
    return proven(problem, params, lambda sale: in_the_core(sale, params.reference))


def in_the_core(sale: Sale, reference: str) -> Outcome:
    """The least payments that nobody blocks, in fractions; each is rounded up to the unit."""
    pivots = pivots_of(sale)
    core = Core(sale, pivots.best, pivots.payments)
    exact = core.payments(references(core, reference))
    payments = {agent: ceil(amount) for agent, amount in exact.items()}
    told = pivots.certificate() if core.separation is None else pivots.certificate(core={"": core.separation})
    if "core" in told:
        told["core"] = told["core"][""].get("proof")
    fractions = {agent: str(amount) for agent, amount in exact.items()}
    return outcome_of(sale, pivots.best, payments, {**told, "payments_exact": fractions, "coalitions": core.coalitions})


def references(core: Core, reference: str) -> Mapping[str, Fraction]:
    """The point that payments are drawn to."""
    if reference == "vcg":
        return {agent: Fraction(amount) for agent, amount in core.vcg.items()}
    return {agent: Fraction(offer.value if reference == "bids" else 0) for agent, offer in core.won.items()}
