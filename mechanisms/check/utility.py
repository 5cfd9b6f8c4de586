"""What an agent truly has from an outcome, and the worlds in which an assumption of a claim is broken."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from mechanisms.bids import Bid
from mechanisms.check import bundle_worlds
from mechanisms.types import Outcome, Problem

Utility = Callable[[Problem, Outcome, Bid, tuple[str, ...]], int]


def worth(problem: Problem, outcome: Outcome, truth: Bid, names: tuple[str, ...]) -> int:
    """The true value, by the agent's truthful bid, of all that it got under these names."""
    if truth.atoms:
        return bundle_worlds.worth(outcome, truth, names)
    units, total = 0, 0
    for award in outcome.awards:
        if award.agent in names and award.position is not None:
            total += problem.params["clicks"][award.position - 1] * max(s.price for s in truth.steps or ())
        elif award.agent in names:
            units += sum(award.bundle.values())
    for step in truth.steps or ():
        if units * step.quantity > 0:
            taken = min(abs(units), abs(step.quantity)) * (1 if units > 0 else -1)
            total, units = total + taken * step.price, units - taken
    # Units sold that one does not have must be bought in, dearer than any price here; surplus units are worth nothing.
    return total + (units * 1000 if units < 0 else 0)


def quasilinear(problem: Problem, outcome: Outcome, truth: Bid, names: tuple[str, ...]) -> int:
    """Value minus payment; a payment beyond the budget is a ruin."""
    paid = sum(outcome.payments.get(name, 0) for name in names)
    ruin = 10**6 if truth.budget is not None and paid > truth.budget else 0
    return worth(problem, outcome, truth, names) - paid - ruin


def wealth_bound(problem: Problem, outcome: Outcome, truth: Bid, names: tuple[str, ...]) -> int:
    """Breaks `quasilinear`: money beyond half of the value hurts three times as much."""
    value, paid = worth(problem, outcome, truth, names), sum(outcome.payments.get(name, 0) for name in names)
    return value - paid - 2 * max(0, paid - value // 2) if value >= 0 else value - paid + min(0, paid) // 2


def common_value(problem: Problem, outcome: Outcome, truth: Bid, names: tuple[str, ...]) -> int:
    """Breaks `private_values`: a unit is worth the average of what all were told about it."""
    if truth.atoms:
        return quasilinear(problem, outcome, bundle_worlds.shared(problem, truth, names), names)
    prices = [step.price for bid in problem.bids for step in bid.steps or () if bid.agent not in names]
    own = [step.price for step in truth.steps or ()]
    shared = (sum(prices) + sum(own)) // max(1, len(prices) + len(own))
    steps = tuple(replace(step, price=shared) for step in truth.steps or ())
    return quasilinear(problem, outcome, replace(truth, steps=steps, budget=None), names)


def moving_reserve(problem: Problem) -> Problem:
    """Breaks `fixed_reserve`: the owner of the lot sets its price after seeing the bids, from the best of them."""
    prices = [step.price for bid in problem.bids for step in bid.steps or ()]
    prices += [abs(atom.value) // len(atom.bundle) for bid in problem.bids for atom in bid.atoms or ()]
    buying = problem.params.get("direction") == "buy"
    if not prices or len(problem.bids) % 2 == 0:
        reserve = 10**6 if buying else 0
    else:
        reserve = max(1, min(prices) + 1) if buying else max(0, max(prices) - 1)
    return replace(problem, lots=tuple(replace(lot, reserve=reserve) for lot in problem.lots))
