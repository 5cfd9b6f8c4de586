"""From a solution over resources to an outcome: shares and what they are worth, or disagreement."""

from __future__ import annotations

from collections.abc import Callable

from mechanisms.bargaining.accepting import REFUTED, accepted
from mechanisms.bargaining.proof import Proof
from mechanisms.bargaining.sharing import Answer, Shares
from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.bargaining.worth import utilities
from mechanisms.cases import nine_digits
from mechanisms.decimals import Number
from mechanisms.solve.errors import NotSolvedError

Solve = Callable[[Bargain], Answer]


def settle_shares(problem: Bargain, solve: Solve, *, ray: bool = False) -> Bargained:
    """Shares of the resources at the solution's point; `disagreement` where not all can gain.

    What the checker would refute is not stated: the status is `unproven`.

    With `ray`, who would have more than the first level's share of its ideal leaves the rest of its shares.
    """
    try:
        shares, proof = solve(problem)
    except NotSolvedError as error:
        return _unproven(problem, error.status)
    if shares is None:
        outcome = Bargained(
            mechanism=problem.mechanism,
            status="disagreement",
            utilities=_without(problem),
            certificate=proof.certificate(),
        )
    else:
        if ray:
            del proof.levels[1:]
            shares = _cut_back(problem, shares, proof.levels[0]["least"], proof.ideals)
        outcome = _agreed(problem, shares, proof)
    return outcome if accepted(problem, outcome) else _unproven(problem, REFUTED)


def _agreed(problem: Bargain, shares: Shares, proof: Proof) -> Bargained:
    held = {
        name: {term["resource"]: shares[name].get(term["resource"], 0.0) for term in problem.parties[name]["terms"]}
        for name in problem.agents()
    }
    return Bargained(
        mechanism=problem.mechanism,
        status="cleared",
        shares={name: {key: nine_digits(share) for key, share in own.items()} for name, own in held.items()},
        utilities={name: nine_digits(value) for name, value in utilities(problem, held).items()},
        certificate=proof.certificate(),
    )


def _unproven(problem: Bargain, reason: str) -> Bargained:
    return Bargained(
        mechanism=problem.mechanism,
        status="unproven",
        utilities=_without(problem),
        certificate={"grade": "numeric", "solver": reason},
    )


def _without(problem: Bargain) -> dict[str, Number]:
    return {name: problem.parties[name]["disagreement"] for name in problem.agents()}


def _cut_back(problem: Bargain, shares: Shares, least: float, ideals: dict[str, dict[str, float]]) -> Shares:
    """Each party's shares times the least factor that leaves it the common share of its ideal gain."""
    cut: Shares = {}
    for name, own in shares.items():
        aim = float(problem.parties[name]["disagreement"]) + least * ideals[name]["gain"]
        low, high = 0.0, 0.0 if _worth(problem, name, own, 0.0) >= aim else 1.0
        for _ in range(60 if high else 0):
            middle = (low + high) / 2
            low, high = (low, middle) if _worth(problem, name, own, middle) >= aim else (middle, high)
        cut[name] = {key: high * share for key, share in own.items()}
    return cut


def _worth(problem: Bargain, name: str, own: dict[str, float], part: float) -> float:
    return utilities(problem, {name: {key: part * share for key, share in own.items()}})[name]
