"""Every agreement of a bargain with its utilities, in exact integers of one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from mechanisms.bargaining.types import Bargain

# Sums of this many of the largest numbers are still within 64 bits.
SMALL = 2**61


@dataclass(frozen=True, eq=False)
class Worlds:
    """Utilities (parties x agreements) and the disagreement point, all times `scale`."""

    problem: Bargain
    parties: list[str]
    scale: int
    utilities: np.ndarray
    disagreement: list[int]

    @cached_property
    def gains(self) -> np.ndarray:
        """Utilities less disagreement."""
        return self.utilities - np.array(self.disagreement, self.utilities.dtype)[:, None]

    @cached_property
    def acceptable(self) -> np.ndarray:
        """Agreements that nobody would refuse."""
        return np.flatnonzero(np.all(self.gains >= 0, axis=0))

    def place(self, agreement: Any) -> int | None:
        """The column of this agreement, None where there is none."""
        if self.problem.agreements:
            return self._listed.get(agreement) if isinstance(agreement, str) else None
        issues = self.problem.issues
        if not isinstance(agreement, dict) or agreement.keys() != issues.keys():
            return None
        place = 0
        for issue, values in issues.items():
            at = next((i for i, value in enumerate(values) if _same(value, agreement[issue])), None)
            if at is None:
                return None
            place = place * len(values) + at
        return place

    @cached_property
    def _listed(self) -> dict[str, int]:
        return {found.id: place for place, found in enumerate(self.problem.agreements)}


def _same(one: str | int, other: Any) -> bool:
    return type(one) is type(other) and one == other


def worlds(problem: Bargain) -> Worlds:
    """All agreements of a finite bargain; those of the bargain that was asked for last are kept."""
    return _made(_ByIdentity(problem))


class _ByIdentity:
    def __init__(self, problem: Bargain) -> None:
        self.problem = problem

    def __hash__(self) -> int:
        return id(self.problem)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.problem is self.problem


@lru_cache(maxsize=1)
def _made(key: _ByIdentity) -> Worlds:
    with localcontext(prec=200):
        return _listed(key.problem) if key.problem.agreements else _domain(key.problem)


def _fine(numbers: Iterable[int | Decimal]) -> int:
    """How many places after the point write all of these."""
    places = (int(number.as_tuple().exponent) for number in numbers if isinstance(number, Decimal))
    return max(0, -min(places, default=0))


def _whole(numbers: Iterable[int | Decimal], scale: int) -> list[int]:
    return [int(number * scale) for number in numbers]


def _array(rows: list[list[int]]) -> np.ndarray:
    large = max((abs(number) for row in rows for number in row), default=0) >= SMALL
    return np.array(rows, object if large else np.int64)


def _listed(problem: Bargain) -> Worlds:
    parties = sorted(problem.disagreement)
    stated = [problem.disagreement[name] for name in parties]
    rows = [[found.utilities[name] for found in problem.agreements] for name in parties]
    scale = 10 ** max(_fine(stated), *map(_fine, rows))
    return Worlds(problem, parties, scale, _array([_whole(row, scale) for row in rows]), _whole(stated, scale))


def _domain(problem: Bargain) -> Worlds:
    """What a value is worth is its weight times its own worth; the axes of an array are the issues."""
    parties = sorted(problem.parties)
    worth = [
        [
            [party["weights"][issue] * party["values"][issue][str(value)] for value in values]
            for issue, values in problem.issues.items()
        ]
        for party in map(problem.parties.__getitem__, parties)
    ]
    stated = [problem.parties[name]["reservation"] for name in parties]
    scale = 10 ** max(_fine(stated), *(_fine(own) for party in worth for own in party))
    rows = [_summed([_whole(own, scale) for own in party]) for party in worth]
    large = any(row.dtype == object for row in rows)
    return Worlds(problem, parties, scale, np.array(rows, object if large else np.int64), _whole(stated, scale))


def _summed(terms: list[list[int]]) -> np.ndarray:
    large = sum(max(map(abs, term)) for term in terms) >= SMALL
    shape = [len(term) for term in terms]
    total = np.zeros(shape, object if large else np.int64)
    for axis, term in enumerate(terms):
        along = [1] * len(terms)
        along[axis] = len(term)
        total = total + np.array(term, total.dtype).reshape(along)
    return total.ravel()
