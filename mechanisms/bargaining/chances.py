"""The bargaining solutions over lotteries, as cone programs with the multipliers that prove them.

Each takes gains above disagreement (parties x agreements, some lottery giving all parties some) and gives chances.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mechanisms.bargaining.proof import Proof
from mechanisms.solve.conic import Line, Program, Solved, line, maximise
from mechanisms.solve.errors import NotSolvedError

Floats = NDArray[np.float64]
# Near enough for Newton's last steps.
ROUGH = 1e-8
STEPS = 6


class Drawn(NamedTuple):
    """The chance of each agreement, and the proof."""

    chances: Floats
    proof: Proof


def nash(parties: Sequence[str], gain: Floats, weights: Sequence[int]) -> Drawn:
    """The greatest weighted sum of logarithms of mean gains."""
    top, share = gain.max(axis=1), np.array(weights) / sum(weights)
    program, means = _lotteries(gain / top[:, None])
    logs = [program.variable() for _ in means]
    for log, mean in zip(logs, means, strict=True):
        program.below_log(line({log: 1.0}), mean)
    solved = maximise(program, line(dict(zip(logs, share.tolist(), strict=True))), ROUGH)
    chances = _polished(gain / top[:, None], share, _clipped(solved, gain))
    return Drawn(chances, Proof([_level(parties, share / (gain @ chances))]))


def alone(parties: Sequence[str], gain: Floats, weights: Sequence[int]) -> Drawn:
    """The only agreement there is, where sums are weighed."""
    return Drawn(np.ones(1), Proof([_level(parties, np.array(weights) / sum(weights))]))


def leximin(parties: Sequence[str], gain: Floats, units: Floats | None = None) -> Drawn:
    """The lexicographic max-min of gains over `units` (1): raise the least, fix whoever cannot have more, go on."""
    unit = np.ones(len(gain)) if units is None else units
    proof = Proof()
    fixed: dict[int, float] = {}
    while True:
        solved, least, slopes = _raise_least(gain, unit, fixed)
        active = [place for place in range(len(unit)) if place not in fixed]
        proof.levels.append({**_level(parties, slopes), "active": [parties[place] for place in active], "least": least})
        bound = [place for place in active if slopes[place] * unit[place] > 1e-6]
        fixed |= dict.fromkeys(bound or active, least)
        if len(fixed) == len(unit):
            return Drawn(_clipped(solved, gain), proof)


def share_of_ideal(parties: Sequence[str], gain: Floats) -> Drawn:
    """The leximin of gains over ideal gains."""
    return leximin(parties, gain, gain.max(axis=1))


def _lotteries(gain: Floats) -> tuple[Program, list[Line]]:
    """Chances that sum to 1, and what each party gains by them."""
    program = Program()
    chances = [program.variable() for _ in range(gain.shape[1])]
    for chance in chances:
        program.positive(line({chance: 1.0}))
    program.zero(line(dict.fromkeys(chances, 1.0), -1.0))
    return program, [line(dict(zip(chances, own.tolist(), strict=True))) for own in gain]


def _level(parties: Sequence[str], slopes: Floats) -> dict[str, Any]:
    return {"multipliers": dict(zip(parties, slopes.tolist(), strict=True))}


def _clipped(solved: Solved, gain: Floats) -> Floats:
    chances = np.clip(solved.values[: gain.shape[1]], 0.0, None)
    return chances / chances.sum()


def _raise_least(gain: Floats, unit: Floats, fixed: dict[int, float]) -> tuple[Solved, float, Floats]:
    """The fixed ones are held a hair lower, for a point of the boundary leaves the solver no room."""
    for hair in (1e-9, 1e-8):
        try:
            return _raise(gain, unit, fixed, hair)
        except NotSolvedError:
            if not fixed:
                raise
    return _raise(gain, unit, fixed, 1e-7)


def _raise(gain: Floats, unit: Floats, fixed: dict[int, float], hair: float) -> tuple[Solved, float, Floats]:
    """Everybody counts in its own greatest gain, the level in the least of what that is in units."""
    top = gain.max(axis=1)
    ratio = unit / top
    times = float(1 / ratio.max())
    program, means = _lotteries(gain / top[:, None])
    level = program.variable()
    places = []
    for index, mean in enumerate(means):
        if index in fixed:
            floor = (1 - hair) * fixed[index] * float(ratio[index])
            places.append(program.positive(mean.plus(line(constant=1.0), -floor)))
        else:
            places.append(program.positive(mean.plus(line({level: float(ratio[index]) * times}), -1.0)))
    solved = maximise(program, line({level: 1.0}))
    floors = np.array([max(0.0, float(solved.multipliers[place])) for place in places])
    return solved, float(solved.values[level]) * times, floors * times / top


def _polished(gain: Floats, share: Floats, start: Floats) -> Floats:
    """Newton's last steps, from within a millionth of a flat maximum, where interior points end, to nine digits.

    An agreement is drawn if its chance is large by comparison with what it costs to draw it; one that a step takes
    below zero stays there. The chances as they are where the steps lead astray.
    """
    cost = share.sum() - (share / (gain @ start)) @ gain
    free = start > np.abs(cost)
    point = np.where(free, start, 0.0)
    price = float(share.sum())
    for _ in range(STEPS):
        mean = gain @ point
        if mean.min() <= 0 or not free.any():
            return start
        own = gain[:, free]
        curve = -own.T @ (own * (share / mean**2)[:, None])
        # A trace of curvature picks one of many lotteries that are equally good.
        curve -= 1e-11 * max(1.0, float(np.abs(curve).max())) * np.eye(len(curve))
        ones = np.ones((1, len(curve)))
        system = np.block([[curve, -ones.T], [ones, np.zeros((1, 1))]])
        right = np.append(price - (share / mean) @ own, 1 - point.sum())
        try:
            *step, more = np.linalg.solve(system, right)
        except np.linalg.LinAlgError:
            return start
        point[free] += np.array(step)
        price += more
        below = free & (point < 0)
        point[below], free = 0.0, free & ~below
        if not below.any() and np.abs(step).max() <= 1e-13:
            break
    good = np.isfinite(point).all() and abs(point.sum() - 1) < 1e-12 and np.abs(point - start).max() < 1e-3
    return point if good else start
