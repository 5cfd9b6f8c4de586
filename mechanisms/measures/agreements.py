"""Bargains: what each party gains, and how far an agreement is from those that theory names."""

from __future__ import annotations

from math import dist
from typing import Any

from mechanisms.bargaining.types import Bargain
from mechanisms.engine import run
from mechanisms.errors import ProblemError
from mechanisms.haggling.types import Haggle
from mechanisms.measures.clearing import Clearing
from mechanisms.measures.registry import Found, measure
from mechanisms.solve.errors import SolverFailedError, UnprovenError


@measure(label="Utility of a party by reports", unit="utility", per="participant")
def reported_utility(clearing: Clearing) -> Found:
    """What a party stated that the agreement (or the lack of one) is worth to it, in its own utility.

    Reference: Nash, The Bargaining Problem, Econometrica 18 (1950).

    Assumes: stated utilities; those of two parties cannot be compared.
    """
    return _utilities(clearing)


@measure(label="Distance to the Nash solution by reports", unit="utility")
def reported_nash_distance(clearing: Clearing) -> Found:
    """The Euclidean distance, in stated utilities, between what was agreed and the Nash bargaining solution.
    Null where there is no agreement domain with stated utilities.

    Reference: Nash, Econometrica 18 (1950); as a measure of agents: Baarslag, Hindriks, Jonker, Kraus and Lin, The
    First Automated Negotiating Agents Competition (2012).

    Assumes: utilities are cardinal, and scaled alike, as in the published competitions.
    """
    return _distance(clearing, "nash_bargaining")


@measure(label="Distance to the Kalai-Smorodinsky solution by reports", unit="utility")
def reported_ks_distance(clearing: Clearing) -> Found:
    """The Euclidean distance, in stated utilities, between what was agreed and the Kalai-Smorodinsky solution.
    Null where there is no agreement domain with stated utilities.

    Reference: Kalai and Smorodinsky, Other Solutions to Nash's Bargaining Problem, Econometrica 43 (1975).

    Assumes: utilities are cardinal, and scaled alike; on finite sets the solution is the leximin of gains over ideals.
    """
    return _distance(clearing, "kalai_smorodinsky")


def _utilities(clearing: Clearing) -> dict[str, float] | None:
    stated = getattr(clearing.outcome, "utilities", None)
    return {party: float(utility) for party, utility in stated.items()} if stated else None


def _distance(clearing: Clearing, rule: str) -> float | None:
    own, bargain = _utilities(clearing), _bargain(clearing.problem)
    if own is None or bargain is None:
        return None
    try:
        solution = run(rule, bargain, {})
    except (ProblemError, SolverFailedError, UnprovenError):
        return None
    if solution.status == "unproven":
        return None
    parties = sorted(own)
    return dist([own[party] for party in parties], [float(solution.utilities[party]) for party in parties])


def _bargain(problem: Any) -> Any:
    """The agreements that could be made, as a rule of bargaining takes them."""
    if isinstance(problem, Bargain):
        return problem
    if not isinstance(problem, Haggle) or not all(problem.parties.values()):
        return None
    body = problem.body()
    return {"mechanism": "nash_bargaining", "issues": body["issues"], "parties": body["parties"]}
