"""Vickrey-Clarke-Groves: the best allocation, and each winner pays what its presence costs the others."""

from __future__ import annotations

from mechanisms.awarding import outcome_of, proven
from mechanisms.bundles import Sale
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.params import Bundled
from mechanisms.pivots import pivots_of
from mechanisms.spec import BundleSpec
from mechanisms.types import Outcome, Problem

SPEC = BundleSpec(
    slug="vcg",
    title="VCG",
    summary="Bundles of lots; the best allocation, and each winner pays what it takes from the others.",
    paper="Vickrey (1961), Clarke (1971), Groves (1973); "
    "Ausubel and Milgrom (2006), The Lovely but Lonely Vickrey Auction",
    pricing="Each winner pays what the others, reserves included, could have had more if it had not bid.",
    params=Bundled,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "symmetric"),
        *holds("truthful", "efficient", assumes=TRUTH_RESERVED),
        *fails("core_for_reports", "revenue_monotone", "false_name_proof", assumes=TRUTH_RESERVED),
    ),
)


def solve(problem: Problem, params: Bundled) -> Outcome:
    """One solve for the allocation, one without each winner; all proven, or nothing is paid."""
    return proven(problem, params, at_pivots)


def at_pivots(sale: Sale) -> Outcome:
    """Each winner pays its value, less what its presence adds to the welfare."""
    pivots = pivots_of(sale)
    return outcome_of(sale, pivots.best, pivots.payments, pivots.certificate())
