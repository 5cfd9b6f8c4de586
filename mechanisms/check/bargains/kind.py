"""All that the audit and `verify` need to know about bargains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.check.bargains import axioms, finite, lotteries, shares
from mechanisms.check.bargains.drawing import draw, shuffled
from mechanisms.check.finding import Finding
from mechanisms.check.lying import Lie
from mechanisms.claims import Claim
from mechanisms.engine import clear
from mechanisms.spec import Spec

__all__ = ["BREAKERS", "CHECKS", "TRIALS", "consistent", "draw", "shuffled"]


def _checks(problem: Bargain) -> Any:
    """Those for a single agreement, or those for shares and lotteries."""
    if problem.resources:
        return shares
    return lotteries if problem.params.get("convexify") else finite


def consistent(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """What was agreed could be agreed, and its utilities and charges are as stated."""
    yield from _checks(problem).consistent(problem, outcome)


def budget_balanced(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """What the parties pay is what the parties receive."""
    if sum(outcome.payments.values()) != 0:
        yield Finding("budget_balanced", "surplus_or_deficit", "payments do not sum to 0", "/payments")


def feasible(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """What was agreed is among what could be agreed."""
    codes = ("unknown_agreement", "shares_incomplete", "too_much", "wrong_chances")
    yield from (finding for finding in consistent(problem, outcome) if finding.code in codes)


def individually_rational(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Nobody has less than without an agreement."""
    yield from _checks(problem).individually_rational(problem, outcome)


def pareto(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Nothing is at least as good for all and better for one."""
    yield from _checks(problem).pareto(problem, outcome)


def optimal_for_reports(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """What the rule maximises is nowhere greater."""
    yield from _checks(problem).optimal_for_reports(problem, outcome)


CHECKS: dict[str, Callable[[Any, Any], Iterator[Finding]]] = {
    "feasible": feasible,
    "individually_rational": individually_rational,
    "budget_balanced": budget_balanced,
    "pareto": pareto,
    "optimal_for_reports": optimal_for_reports,
}
TRIALS = {
    "truthful": axioms.truthful,
    "symmetric": axioms.symmetric,
    "scale_invariant": axioms.scale_invariant,
    "independent_of_alternatives": axioms.independent_of_alternatives,
    "monotone": axioms.monotone,
}


def _refuted(spec: Spec, claim: Claim, problem: Bargain, rng: Random) -> Lie | None:
    found = any(CHECKS[claim.name](problem, clear(problem)))
    return Lie(problem, "", problem, 0) if found else None


BREAKERS: dict[str, dict[str, Any]] = {
    "pareto": {"two_parties": _refuted},
    "monotone": {"two_parties": axioms.monotone},
}
