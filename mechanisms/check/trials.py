"""One trial for each rule claim: a counterexample in this problem, or None."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from mechanisms.bids import Bid
from mechanisms.check.claims import optimal_for_reports
from mechanisms.check.lying import Lie, best_false_names, best_lie
from mechanisms.check.utility import quasilinear
from mechanisms.claims import Claim
from mechanisms.engine import clear
from mechanisms.spec import Spec
from mechanisms.types import Problem

Trial = Callable[[Spec, Claim, Problem, Random], Lie | None]


def truthful(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
    """Some agent gains by a lie."""
    return _best([best_lie(problem, bid.agent, rng, quasilinear) for bid in problem.bids])


def efficient(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
    """Some agent gains by a lie, or the outcome is not the best for what was stated."""
    found = truthful(spec, claim, problem, rng)
    if found is None and any(optimal_for_reports(problem, clear(problem))):
        return Lie(problem, "", problem, 0)
    return found


def false_name_proof(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
    """Some agent gains by a lie, or by bidding under two names."""
    found = truthful(spec, claim, problem, rng)
    if found is not None:
        return found
    return _best([best_false_names(problem, bid.agent, rng, quasilinear) for bid in problem.bids if not bid.is_empty()])


def symmetric(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
    """Two agents with the same bid gain unequally, by the values that counted; whom a tie favours must not matter."""
    for one, other in zip(problem.bids, problem.bids[1:], strict=False):
        if _sells(one) != _sells(other) or problem.params.get("quality"):
            continue
        twins = tuple(replace(one, agent=other.agent) if bid is other else bid for bid in problem.bids)
        twin = replace(problem, bids=twins)
        outcome = clear(twin)
        awards = [outcome.award_of(name) for name in (one.agent, other.agent)]
        paid = [outcome.payments[name] for name in (one.agent, other.agent)]
        gains = [(award.value if award else 0) - amount for award, amount in zip(awards, paid, strict=True)]
        if gains[0] != gains[1]:
            return Lie(problem, other.agent, twin, abs(gains[0] - gains[1]))
    return None


def _sells(bid: Bid) -> bool:
    atoms = (quantity for atom in bid.atoms or () for quantity in atom.bundle.values())
    return any(quantity < 0 for quantity in (*(step.quantity for step in bid.steps or ()), *atoms))


def revenue_monotone(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
    """Revenue falls when a bidder joins (`lied` is the problem before it joined)."""
    revenue = clear(problem).revenue
    for bid in problem.bids:
        before = replace(problem, bids=tuple(other for other in problem.bids if other is not bid))
        lost = clear(before).revenue - revenue
        if lost > 0 and problem.params.get("direction") != "buy":
            return Lie(problem, bid.agent, before, lost, f"revenue falls by {lost} when {bid.agent} joins")
    return None


def _best(found: list[Lie | None]) -> Lie | None:
    return max((lie for lie in found if lie is not None), key=lambda lie: lie.gain, default=None)


TRIALS: dict[str, Trial] = {
    "truthful": truthful,
    "efficient": efficient,
    "false_name_proof": false_name_proof,
    "symmetric": symmetric,
    "revenue_monotone": revenue_monotone,
}
