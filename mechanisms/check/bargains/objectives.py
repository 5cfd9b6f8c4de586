"""What each bargaining rule says is best: which agreement beats the one that was chosen, decided in integers."""

from __future__ import annotations

from fractions import Fraction
from math import lcm, prod
from typing import Any

import numpy as np

from mechanisms.bargaining.types import Bargain
from mechanisms.check.bargains.worlds import SMALL, Worlds

# Floats of products and quotients are right to more than this; whatever comes so near is compared exactly.
CLOSE = 1e-9


def weights(problem: Bargain, parties: list[str]) -> list[int]:
    """Whole weights in the stated ratios."""
    stated = problem.params.get("weights", {})
    found = [Fraction(stated.get(name, 1)) for name in parties]
    common = lcm(*(weight.denominator for weight in found))
    return [int(weight * common) for weight in found]


def better(problem: Bargain, found: Worlds, allowed: np.ndarray, chosen: int) -> int | None:
    """An agreement among those allowed that the rule prefers to the chosen one, which is one of them; None if none."""
    if problem.mechanism == "nash_bargaining":
        return _larger_product(found, allowed, chosen, weights(problem, found.parties))
    if problem.mechanism == "utilitarian_bargaining":
        return _larger_sum(found, allowed, chosen, weights(problem, found.parties))
    if problem.params.get("definition") == "closest_ratio":
        return _closer(found, allowed, chosen)
    ideal = [1] * len(found.parties)
    if problem.mechanism == "kalai_smorodinsky":
        ideal = [int(own.max()) for own in found.gains[:, allowed]]
    return _fairer(found, allowed, chosen, ideal)


def _larger_product(found: Worlds, allowed: np.ndarray, chosen: int, powers: list[int]) -> int | None:
    with np.errstate(divide="ignore"):
        size = sum(
            power * np.log(np.maximum(own, 0).astype(float)) for power, own in zip(powers, found.gains, strict=True)
        )
    near = allowed[size[allowed] >= size[chosen] - CLOSE * sum(powers)]

    def product(place: int) -> int:
        return prod(int(gain) ** power for gain, power in zip(found.gains[:, place], powers, strict=True))

    return _best(near, chosen, product)


def _best(places: np.ndarray, chosen: int, key: Any) -> int | None:
    mine = key(chosen)
    return next((int(place) for place in places if key(int(place)) > mine), None)


def _larger_sum(found: Worlds, allowed: np.ndarray, chosen: int, powers: list[int]) -> int | None:
    gains = found.gains
    if gains.dtype != object and int(np.abs(gains).max()) * sum(powers) >= SMALL:
        gains = gains.astype(object)
    total = sum(power * own for power, own in zip(powers, gains, strict=True))
    more = allowed[total[allowed] > total[chosen]]
    return int(more[0]) if len(more) else None


def _fairer(found: Worlds, allowed: np.ndarray, chosen: int, ideal: list[int]) -> int | None:
    """By the least gain over its unit, then the next to least: first in floats, where that is close in integers."""
    least = np.min([own.astype(float) / top for own, top in zip(found.gains, ideal, strict=True)], axis=0)
    near = allowed[least[allowed] >= least[chosen] - CLOSE * max(1.0, abs(least[chosen]))]
    whole = lcm(*ideal)

    def shares(place: int) -> list[int]:
        return sorted(int(gain) * (whole // top) for gain, top in zip(found.gains[:, place], ideal, strict=True))

    return _best(near, chosen, shares)


def _closer(found: Worlds, allowed: np.ndarray, chosen: int) -> int | None:
    """On the front of two parties, by the difference of utilities over the greatest ones; off it nothing is allowed."""
    utilities = found.utilities.astype(object)
    tops = [int(own[allowed].max()) for own in utilities]
    front = _front_of_two(found.utilities, allowed)
    distance = np.abs(utilities[0][front] * tops[1] - utilities[1][front] * tops[0])
    mine = abs(int(utilities[0][chosen]) * tops[1] - int(utilities[1][chosen]) * tops[0])
    closer = front[distance < mine]
    if len(closer):
        return int(closer[0])
    same = (found.utilities[:, front] == found.utilities[:, chosen][:, None]).all(axis=0)
    return None if same.any() else int(front[0])


def _front_of_two(utilities: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """One agreement for each point that no other beats, by going down the first party's utilities."""
    first, second = utilities[:, allowed]
    order = np.lexsort((second, first))[::-1]
    highest = np.maximum.accumulate(second[order])
    rises = np.append(True, highest[1:] > highest[:-1]).astype(bool)
    found: np.ndarray = allowed[order[rises]]
    return found
