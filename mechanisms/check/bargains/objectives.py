"""What each bargaining rule says is best, as a key by which agreements are compared."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import lcm, prod
from typing import Any

from mechanisms.bargaining.types import Bargain
from mechanisms.check.bargains.worlds import Worlds

Key = Callable[[tuple[int, ...]], Any]


def weights(problem: Bargain, parties: list[str]) -> list[int]:
    """Whole weights in the stated ratios."""
    stated = problem.params.get("weights", {})
    found = [Fraction(stated.get(name, 1)) for name in parties]
    common = lcm(*(weight.denominator for weight in found))
    return [int(weight * common) for weight in found]


def key_of(problem: Bargain, found: Worlds, allowed: list[tuple[int, ...]]) -> Key:
    """The key over gains (times the scale) that the rule maximises, given the gains of the agreements it may pick."""
    powers = weights(problem, found.parties)
    ideal = [max(column) for column in zip(*allowed, strict=True)]
    if problem.mechanism == "nash_bargaining":
        return lambda gains: prod(gain**power for gain, power in zip(gains, powers, strict=True))
    if problem.mechanism == "utilitarian_bargaining":
        return lambda gains: sum(gain * power for gain, power in zip(gains, powers, strict=True))
    if problem.mechanism == "egalitarian_bargaining":
        return lambda gains: sorted(gains)
    if problem.params.get("definition") == "closest_ratio":
        return _closeness(found, allowed)
    whole = prod(ideal)
    return lambda gains: sorted(gain * (whole // top) for gain, top in zip(gains, ideal, strict=True))


def _closeness(found: Worlds, allowed: list[tuple[int, ...]]) -> Key:
    one, other = (max(gains[side] for gains in allowed) + found.disagreement[side] for side in (0, 1))
    front = front_of_two(allowed)

    def key(gains: tuple[int, ...]) -> tuple[bool, int]:
        utilities = [gain + d for gain, d in zip(gains, found.disagreement, strict=True)]
        return gains in front, -abs(utilities[0] * other - utilities[1] * one)

    return key


def front_of_two(points: list[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """The points that no other beats, by going down the first coordinate."""
    front, best = set(), None
    for point in sorted(set(points), reverse=True):
        if best is None or point[1] > best:
            front.add(point)
            best = point[1]
    return front
