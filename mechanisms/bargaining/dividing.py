"""From a solution over resources to an outcome: shares and what they are worth, or disagreement."""

from __future__ import annotations

from collections.abc import Callable

from mechanisms.bargaining.sharing import Answer, Shares
from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.bargaining.worth import utilities
from mechanisms.cases import nine_digits
from mechanisms.solve.errors import NotSolvedError

Solve = Callable[[Bargain], Answer]


def settle_shares(problem: Bargain, solve: Solve, *, ray: bool = False) -> Bargained:
    """Shares of the resources at the solution's point; `disagreement` where not all can gain.

    With `ray`, who would have more than the first level's share of its ideal leaves the rest of its shares.
    """
    without = {name: problem.parties[name]["disagreement"] for name in problem.agents()}
    try:
        shares, proof = solve(problem)
    except NotSolvedError as error:
        certificate = {"grade": "numeric", "solver": error.status}
        return Bargained(mechanism=problem.mechanism, status="unproven", utilities=without, certificate=certificate)
    if shares is None:
        return Bargained(
            mechanism=problem.mechanism, status="disagreement", utilities=without, certificate=proof.certificate()
        )
    if ray:
        del proof.levels[1:]
        shares = _cut_back(problem, shares, proof.levels[0]["least"], proof.ideals)
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


def _cut_back(problem: Bargain, shares: Shares, least: float, ideals: dict[str, dict[str, float]]) -> Shares:
    """Each party's shares times the least factor that leaves it the common share of its ideal gain."""
    cut: Shares = {}
    for name, own in shares.items():
        aim = float(problem.parties[name]["disagreement"]) + least * ideals[name]["gain"]
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            enough = utilities(problem, {name: {key: middle * share for key, share in own.items()}})[name] >= aim
            low, high = (low, middle) if enough else (middle, high)
        cut[name] = {key: high * share for key, share in own.items()}
    return cut
