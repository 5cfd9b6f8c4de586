"""Vickrey-Clarke-Groves: the best allocation, and each winner pays what its presence costs the others."""

from __future__ import annotations

from mechanisms.awarding import certified, outcome_of, unproven
from mechanisms.bundles import Sale
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.params import Bundled
from mechanisms.solve.errors import UnprovenError
from mechanisms.solve.winners import Proven
from mechanisms.spec import Spec
from mechanisms.types import Outcome, Problem


class VcgParams(Bundled):
    """Only what all rules for bundles have."""


SPEC = Spec(
    slug="vcg",
    title="VCG",
    summary="Bundles of lots; the best allocation, and each winner pays what it takes from the others.",
    paper="Vickrey (1961), Clarke (1971), Groves (1973); "
    "Ausubel and Milgrom (2006), The Lovely but Lonely Vickrey Auction",
    pricing="Each winner pays what the others, reserves included, could have had more if it had not bid.",
    params=VcgParams,
    languages=("atoms",),
    bundles=True,
    max_lots=1000,
    max_bids=2000,
    max_atoms=4000,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "symmetric"),
        *holds("truthful", "efficient", assumes=TRUTH_RESERVED),
        *fails("core_for_reports", "revenue_monotone", "false_name_proof"),
    ),
)


def solve(problem: Problem, params: VcgParams) -> Outcome:
    """One solve for the allocation, one without each winner; all proven, or nothing is paid."""
    sale = Sale(problem, params)
    try:
        best = sale.best()
        without = {agent: sale.best_without(agent, best) for agent in sorted(sale.won(best))}
    except UnprovenError as error:
        return unproven(sale, error)
    payments = clarke(sale, best, without)
    return outcome_of(sale, best, payments, certified(sale, best, {"without": without}))


def clarke(sale: Sale, best: Proven, without: dict[str, Proven]) -> dict[str, int]:
    """p_i = v_i - (W - W_-i): the value of what it gets, minus what its presence adds to the welfare."""
    return {agent: offer.value - (best.value - without[agent].value) for agent, offer in sale.won(best).items()}
