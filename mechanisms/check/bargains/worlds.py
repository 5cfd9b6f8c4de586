"""Every agreement of a bargain with its utilities, enumerated in plain integers."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import lcm
from typing import Any, NamedTuple

from mechanisms.bargaining.types import Bargain


class Worlds(NamedTuple):
    """Utilities (one tuple per agreement, in order of `parties`) and the disagreement point, all times `scale`."""

    parties: list[str]
    scale: int
    names: list[Any]
    utilities: list[tuple[int, ...]]
    disagreement: tuple[int, ...]

    def gains(self) -> list[tuple[int, ...]]:
        """Utilities less disagreement."""
        return [tuple(u - d for u, d in zip(own, self.disagreement, strict=True)) for own in self.utilities]


def worlds(problem: Bargain) -> Worlds:
    """All agreements of a finite bargain."""
    return _listed(problem) if problem.agreements else _domain(problem)


def _listed(problem: Bargain) -> Worlds:
    parties = sorted(problem.disagreement)
    stated = [Fraction(problem.disagreement[name]) for name in parties]
    rows = [[Fraction(found.utilities[name]) for name in parties] for found in problem.agreements]
    scale = lcm(*(number.denominator for row in [stated, *rows] for number in row))
    names = [found.id for found in problem.agreements]
    return Worlds(parties, scale, names, [_whole(row, scale) for row in rows], _whole(stated, scale))


def _whole(row: list[Fraction], scale: int) -> tuple[int, ...]:
    return tuple(int(number * scale) for number in row)


def _domain(problem: Bargain) -> Worlds:
    parties = sorted(problem.parties)
    stated = [Fraction(problem.parties[name]["reservation"]) for name in parties]
    worth = {
        issue: [[_worth(problem.parties[name], issue, value) for name in parties] for value in values]
        for issue, values in problem.issues.items()
    }
    scale = lcm(
        *(n.denominator for n in stated), *(n.denominator for rows in worth.values() for row in rows for n in row)
    )
    columns = [[_whole(row, scale) for row in rows] for rows in worth.values()]
    names = [dict(zip(problem.issues, values, strict=True)) for values in product(*problem.issues.values())]
    sums = [tuple(map(sum, zip(*rows, strict=True))) for rows in product(*columns)]
    return Worlds(parties, scale, names, sums, _whole(stated, scale))


def _worth(party: dict[str, Any], issue: str, value: str | int) -> Fraction:
    return Fraction(party["weights"][issue]) * Fraction(party["values"][issue][str(value)])
