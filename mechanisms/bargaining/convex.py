"""From a solution on a convex set to an outcome: shares of resources, or a lottery over agreements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mechanisms.bargaining.front import pareto_front
from mechanisms.bargaining.polishing import polish
from mechanisms.bargaining.programs import Proof
from mechanisms.bargaining.sets import (
    ConvexSet,
    fitted,
    lottery_set,
    share_values,
    shares_set,
    smooth_lottery,
    smooth_shares,
    utilities_of,
)
from mechanisms.bargaining.settling import Pick, favourite, gains, money, rational_rows
from mechanisms.bargaining.table import Table, table_of
from mechanisms.bargaining.types import Bargain, Bargained, Chance
from mechanisms.cases import nine_digits
from mechanisms.decimals import Number
from mechanisms.errors import ProblemError
from mechanisms.solve.conic import NotSolvedError, Solved

Solve = Callable[[ConvexSet], tuple[Solved, Proof] | None]
RARE = 1e-9


def settle_shares(problem: Bargain, solve: Solve, *, ray: bool = False) -> Bargained:
    """Shares of the resources at the solution's point; `disagreement` where not all can gain.

    With `ray`, who would have more than the first level's share of its ideal leaves the rest of its shares.
    """
    found = shares_set(problem)
    without = {name: problem.parties[name]["disagreement"] for name in problem.agents()}
    try:
        answer = solve(found)
    except NotSolvedError as error:
        return _nothing(problem, "unproven", without, {"solver": error.status})
    if answer is None:
        return _nothing(problem, "disagreement", without, {})
    shares = share_values(found, _polished(found, problem, *answer))
    if ray:
        shares = _cut_back(problem, shares, answer[1])
    return Bargained(
        mechanism=problem.mechanism,
        status="cleared",
        shares={name: {key: nine_digits(share) for key, share in own.items()} for name, own in shares.items()},
        utilities={name: nine_digits(value) for name, value in utilities_of(problem, shares).items()},
        certificate=_certificate(answer[1]),
    )


def _certificate(proof: Proof) -> dict[str, Any]:
    return {"grade": "numeric", "levels": proof.levels} | ({"ideals": proof.ideals} if proof.ideals else {})


def _polished(found: ConvexSet, problem: Bargain, solved: Solved, proof: Proof) -> np.ndarray:
    values = fitted(found, problem, solved.values)
    if proof.weights is not None:
        smooth = smooth_shares(found, problem, proof.weights, proof.logs)
        places = list(found.shares.values())
        level = proof.levels[0]
        values[places], prices = polish(smooth, values[places], np.array(list(level["prices"].values())))
        level["prices"] = dict(zip(level["prices"], prices.tolist(), strict=True))
    return values


def _cut_back(problem: Bargain, shares: dict[str, dict[str, float]], proof: Proof) -> dict[str, dict[str, float]]:
    """Each party's shares times the least factor that leaves it the common share of its ideal gain."""
    least = proof.levels[0]["least"]
    del proof.levels[1:]
    cut = {}
    for name, own in shares.items():
        aim = float(problem.parties[name]["disagreement"]) + least * proof.ideals[name]
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            enough = utilities_of(problem, {name: {key: middle * share for key, share in own.items()}})[name] >= aim
            low, high = (low, middle) if enough else (middle, high)
        cut[name] = {key: high * share for key, share in own.items()}
    return cut


def _nothing(problem: Bargain, status: Any, without: dict[str, Number], more: dict[str, Any]) -> Bargained:
    certificate = {"grade": "numeric", **more}
    return Bargained(mechanism=problem.mechanism, status=status, utilities=without, certificate=certificate)


def settle_lottery(problem: Bargain, solve: Solve, *, rational: bool = True, only: Pick | None = None) -> Bargained:
    """A lottery over agreements, each of which nobody would refuse; `disagreement` where somebody can gain nothing."""
    table = table_of(problem)
    if money(table):
        raise ProblemError(
            "money_in_lottery", "what a lottery would make the parties owe is not defined", "/params/convexify"
        )
    rows = rational_rows(table) if rational else np.arange(table.utility.shape[1])
    if rational and (not len(rows) or min(int(own.max()) for own in gains(table, rows)) <= 0):
        return _nothing(problem, "disagreement", table.at_disagreement(), {})
    if only is not None:  # whose maximum is at a single agreement
        best = only(table, rows)
        rows = np.array([favourite(table, best[pareto_front(table.utility[:, best])])])
    rows = _distinct(table, rows[pareto_front(table.utility[:, rows])])
    gain = gains(table, rows).astype(np.float64) / table.scale
    found = lottery_set(table.parties, gain)
    try:
        answer = solve(found)
    except NotSolvedError as error:
        return _nothing(problem, "unproven", table.at_disagreement(), {"solver": error.status})
    if answer is None:
        return _nothing(problem, "disagreement", table.at_disagreement(), {})
    solved, proof = answer
    chances = np.clip(solved.values[: len(rows)], 0, None)
    if proof.logs and proof.weights is not None:
        start = chances / chances.sum()
        chances, _ = polish(smooth_lottery(gain, proof.weights), start, np.array([sum(proof.weights)]))
    return _drawn_from(table, rows, chances, proof)


def _distinct(table: Table, rows: np.ndarray) -> np.ndarray:
    """Of agreements with the same utilities the one that the tie rule favours."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for row in rows:
        groups.setdefault(tuple(int(value) for value in table.utility[:, row]), []).append(int(row))
    return np.array([favourite(table, np.array(groups[key])) for key in sorted(groups)])


def _drawn_from(table: Table, rows: np.ndarray, chances: np.ndarray, proof: Proof) -> Bargained:
    chances[chances < RARE] = 0
    chances /= chances.sum()
    used = np.flatnonzero(chances)
    mean = (table.utility[:, rows[used]].astype(np.float64) / table.scale) @ chances[used]
    lottery = [Chance(table.name(int(rows[i])), nine_digits(float(chances[i]))) for i in used]
    return Bargained(
        mechanism=table.problem.mechanism,
        status="cleared",
        lottery=tuple(sorted(lottery, key=lambda part: str(part.agreement))),
        utilities={name: nine_digits(float(value)) for name, value in zip(table.parties, mean, strict=True)},
        certificate=_certificate(proof),
    )
