"""Worlds in which one assumption of a claim does not hold, so that the claim must fall."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace

from mechanisms.check.lying import Lie, best_false_names, best_lie
from mechanisms.check.trials import Trial
from mechanisms.check.utility import Utility, common_value, moving_reserve, quasilinear, wealth_bound
from mechanisms.claims import Claim
from mechanisms.engine import clear
from mechanisms.spec import Spec
from mechanisms.types import Problem


def _lie_under(utility: Utility) -> Trial:
    """A world in which agents care for something else."""

    def trial(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
        for bid in problem.bids:
            found = best_lie(problem, bid.agent, rng, utility)
            if found is not None:
                return found
        return None

    return trial


def _false_names(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
    for bid in problem.bids:
        found = best_false_names(problem, bid.agent, rng, quasilinear) if not bid.is_empty() else None
        if found is not None:
            return found
    return None


def _after_seeing(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
    """The owner sets its reserve when it has seen the bids, so that shading moves it."""
    for bid in problem.bids:
        found = best_lie(problem, bid.agent, rng, quasilinear, moving_reserve)
        if found is not None:
            return found
    return None


def _revenue_falls(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
    """With a reserve that moves with the bids, a bidder that joins may cost revenue."""
    revenue = clear(moving_reserve(problem)).revenue
    for bid in problem.bids:
        before = moving_reserve(replace(problem, bids=tuple(other for other in problem.bids if other is not bid)))
        lost = clear(before).revenue - revenue
        if lost > 0 and problem.params.get("direction") != "buy":
            return Lie(problem, bid.agent, before, lost, f"revenue falls by {lost} when {bid.agent} joins")
    return None


_INCENTIVES = {
    "private_values": _lie_under(common_value),
    "quasilinear": _lie_under(wealth_bound),
    "no_binding_budget": _lie_under(quasilinear),
    "unit_demand": _lie_under(quasilinear),
    "unit_supply": _lie_under(quasilinear),
    "single_identity": _false_names,
    "fixed_reserve": _after_seeing,
}
BREAKERS: dict[str, dict[str, Trial]] = {
    "truthful": _INCENTIVES,
    "efficient": _INCENTIVES,
    "false_name_proof": _INCENTIVES,
    "revenue_monotone": {"fixed_reserve": _revenue_falls},
}
