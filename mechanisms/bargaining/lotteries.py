"""From a solution over lotteries to an outcome: how likely each agreement is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mechanisms.bargaining.accepting import REFUTED, accepted
from mechanisms.bargaining.chances import Drawn, Floats
from mechanisms.bargaining.front import pareto_front
from mechanisms.bargaining.settling import Pick, favourite, gains, money, rational_rows
from mechanisms.bargaining.table import Table, table_of
from mechanisms.bargaining.types import Bargain, Bargained, Chance
from mechanisms.cases import nine_digits
from mechanisms.errors import ProblemError
from mechanisms.solve.errors import NotSolvedError

Solve = Callable[[Sequence[str], Floats], Drawn]
RARE = 1e-9


def settle_lottery(problem: Bargain, solve: Solve, *, rational: bool = True, only: Pick | None = None) -> Bargained:
    """A lottery over agreements, each of which nobody would refuse; `disagreement` where somebody can gain nothing.

    `only` names the maximisers of what is greatest at a single agreement.
    """
    table = table_of(problem)
    if money(table):
        raise ProblemError(
            "money_in_lottery", "what a lottery would make the parties owe is not defined", "/params/convexify"
        )
    rows = rational_rows(table) if rational else np.arange(table.utility.shape[1])
    if rational and (not len(rows) or min(int(own.max()) for own in gains(table, rows)) <= 0):
        return _nothing(table, "disagreement", {})
    if only is not None:
        best = only(table, rows)
        rows = np.array([favourite(table, best[pareto_front(table.utility[:, best])])])
    rows = _distinct(table, rows[pareto_front(table.utility[:, rows])])
    gain = gains(table, rows).astype(np.float64) / table.scale
    try:
        drawn = solve(table.parties, gain)
    except NotSolvedError as error:
        return _nothing(table, "unproven", {"solver": error.status})
    outcome = _drawn_from(table, rows, drawn)
    return outcome if accepted(problem, outcome) else _nothing(table, "unproven", {"solver": REFUTED})


def _nothing(table: Table, status: Any, more: dict[str, Any]) -> Bargained:
    return Bargained(
        mechanism=table.problem.mechanism,
        status=status,
        utilities=table.at_disagreement(),
        certificate={"grade": "numeric", **more},
    )


def _distinct(table: Table, rows: np.ndarray) -> np.ndarray:
    """Of agreements with the same utilities the one that the tie rule favours."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for row in rows:
        groups.setdefault(tuple(int(value) for value in table.utility[:, row]), []).append(int(row))
    return np.array([favourite(table, np.array(groups[key])) for key in sorted(groups)])


def _drawn_from(table: Table, rows: np.ndarray, drawn: Drawn) -> Bargained:
    chances = np.where(drawn.chances < RARE, 0.0, drawn.chances)
    chances /= chances.sum()
    used = np.flatnonzero(chances)
    mean = (table.utility[:, rows[used]].astype(np.float64) / table.scale) @ chances[used]
    lottery = [Chance(table.name(int(rows[i])), nine_digits(float(chances[i]))) for i in used]
    return Bargained(
        mechanism=table.problem.mechanism,
        status="cleared",
        lottery=tuple(sorted(lottery, key=lambda part: str(part.agreement))),
        utilities={name: nine_digits(float(value)) for name, value in zip(table.parties, mean, strict=True)},
        certificate=drawn.proof.certificate(),
    )
