"""Checks of shares of resources: a dual bound, recomputed from multipliers and prices, leaves no room above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.check.bargains.levels import ideals_right, levels_right, on_the_ray
from mechanisms.check.bargains.objectives import weights
from mechanisms.check.bargains.worth import bound, gains, value, whole_stock
from mechanisms.check.finding import Finding

NEAR = 1e-6


def stated(problem: Bargain) -> dict[str, float]:
    """The disagreement point."""
    return {name: float(party["disagreement"]) for name, party in problem.parties.items()}


def far(one: float, other: float) -> bool:
    """Further apart than the sixth digit."""
    return abs(one - other) > NEAR * (1 + abs(other))


def consistent(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Shares are none negative and not too many, and utilities are theirs."""
    right = stated(problem)
    if outcome.status not in ("disagreement", "unproven"):
        if sorted(outcome.shares) != sorted(problem.parties) or outcome.lottery or outcome.agreement:
            yield Finding("consistent", "shares_incomplete", "every party has its shares", "/shares")
            return
        yield from _possible(problem, outcome.shares)
        right = {name: right[name] + gain for name, gain in gains(problem, outcome.shares).items()}
    elif outcome.shares or outcome.lottery or outcome.agreement:
        yield Finding("consistent", "agreement_without_agreement", "without agreement nothing is due", "/shares")
    if sorted(outcome.utilities) != sorted(right) or any(far(float(outcome.utilities[n]), right[n]) for n in right):
        yield Finding("consistent", "wrong_utilities", "utilities are not those of the shares", "/utilities")


def _possible(problem: Bargain, shares: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for resource, amount in problem.resources.items():
        used = [float(own.get(resource, 0)) for own in shares.values()]
        if min(used) < 0 or sum(used) > float(amount) * (1 + NEAR):
            yield Finding("consistent", "too_much", f"more of {resource!r} than there is", "/shares")


def individually_rational(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Nobody has less than without an agreement."""
    for name, without in stated(problem).items():
        if float(outcome.utilities[name]) < without - NEAR * (1 + abs(without)):
            yield Finding(
                "individually_rational", "below_disagreement", f"{name!r} would rather disagree", "/utilities"
            )


def pareto(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Nothing is left over that somebody wants, and the proof leaves no room."""
    for resource, amount in problem.resources.items() if outcome.status == "cleared" else ():
        used = sum(float(own.get(resource, 0)) for own in outcome.shares.values())
        left = float(amount) * (1 - NEAR) - used
        for name, party in problem.parties.items() if left > 0 else ():
            for term in party["terms"]:
                has = float(outcome.shares[name].get(resource, 0))
                if term["resource"] == resource and far(value(term, has + left), value(term, has)):
                    yield Finding("pareto", "left_over", f"{name!r} could have more of {resource!r}", "/shares")
                    return
    if problem.params.get("definition") != "ray":
        yield from optimal_for_reports(problem, outcome, "pareto")


def optimal_for_reports(problem: Bargain, outcome: Bargained, claim: str = "optimal_for_reports") -> Iterator[Finding]:
    """What the rule maximises is within a millionth of the bound that multipliers and prices prove."""
    if outcome.status == "unproven":
        return
    levels = outcome.certificate.get("levels")
    if not levels:
        yield Finding(claim, "no_proof", "the certificate has no multipliers", "/certificate")
        return
    try:
        good = _proven(problem, outcome, levels)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        good = False  # a garbled certificate proves nothing
    if not good:
        yield Finding(claim, "gap", "the proof leaves room for something better", "/certificate")


def _proven(problem: Bargain, outcome: Bargained, levels: list[dict[str, Any]]) -> bool:
    if outcome.status == "disagreement":
        return problem.params.get("individually_rational", True) and _nobody_gains(problem, levels[0])
    have = gains(problem, outcome.shares)
    if problem.mechanism == "nash_bargaining":
        return _greatest_product(problem, have, levels[0])
    if problem.mechanism == "utilitarian_bargaining":
        return _greatest_sum(problem, have, levels[0])
    units = dict.fromkeys(have, 1.0)
    if problem.mechanism == "kalai_smorodinsky":
        stated_ = outcome.certificate["ideals"]
        units = {name: float(stated_[name]["gain"]) for name in have}
        if not ideals_right(problem, stated_):
            return False
    if problem.params.get("definition") == "ray":
        return on_the_ray(problem, outcome.shares, units, levels[0])
    return levels_right(problem, outcome.shares, units, levels)


def _nobody_gains(problem: Bargain, level: dict[str, Any]) -> bool:
    """A weighed sum of gains, at most a millionth of what the parties could each have, cannot be positive for all."""
    stock = whole_stock(problem)
    everything = dict.fromkeys(problem.parties, stock)
    tops = gains(problem, everything)
    if min(tops.values()) <= 0:
        return True
    times = {name: max(0.0, float(level["multipliers"][name])) for name in tops}
    hoped = sum(times[name] * top for name, top in tops.items())
    return hoped > 0 and bound(problem, times, level["prices"], stock) <= NEAR * hoped


def _greatest_product(problem: Bargain, have: dict[str, float], level: dict[str, Any]) -> bool:
    power = _power(problem, have)
    if min(have.values()) <= 0:
        return False
    times = {name: power[name] / have[name] for name in have}
    return bound(problem, times, level["prices"], whole_stock(problem)) <= 1 + NEAR


def _greatest_sum(problem: Bargain, have: dict[str, float], level: dict[str, Any]) -> bool:
    """Where nobody may lose, gains may be weighed more than the sum weighs them: that only adds."""
    power = _power(problem, have)
    times = power
    if problem.params.get("individually_rational", True):
        times = {name: max(float(level["multipliers"][name]), own) for name, own in power.items()}
    reached = sum(own * have[name] for name, own in power.items())
    return bound(problem, times, level["prices"], whole_stock(problem)) <= reached + NEAR * (1 + abs(reached))


def _power(problem: Bargain, have: dict[str, float]) -> dict[str, float]:
    names = sorted(have)
    whole = weights(problem, names)
    return {name: own / sum(whole) for name, own in zip(names, whole, strict=True)}
