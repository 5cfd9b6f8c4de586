"""The bargaining solutions on convex sets, as concave programs with the multipliers that prove them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mechanisms.bargaining.sets import ConvexSet
from mechanisms.solve.conic import NotSolvedError, Program, Solved, line, maximise, total

# A least gain below this share of the largest numbers around is none.
NOTHING = 1e-7
# Near enough for Newton's last steps.
ROUGH = 1e-8


@dataclass
class Proof:
    """What shows that no point of the set is better.

    Each level weighs the parties' gains (`multipliers`) and prices the resources: nothing in the set has a weighted sum
    of gains above what the prices allow. `weights` are those of a smooth objective, whose maximum can be polished.
    """

    levels: list[dict[str, Any]] = field(default_factory=list)
    ideals: dict[str, float] = field(default_factory=dict)
    weights: list[float] | None = None
    logs: bool = False


Answer = tuple[Solved, Proof]


def nash(found: ConvexSet, weights: Sequence[int]) -> Answer | None:
    """The greatest weighted sum of logarithms of gains; None where not all can gain."""
    program = found.program.copy()
    logs = [program.variable() for _ in found.gains]
    for log, gain in zip(logs, found.gains, strict=True):
        program.below_log(line({log: 1.0}), gain)
    scale = float(sum(weights))
    try:
        goal = line({log: weight / scale for log, weight in zip(logs, weights, strict=True)})
        solved = maximise(program, goal, ROUGH)
    except NotSolvedError:
        if not everybody_gains(found):
            return None
        raise
    gains = [solved.of(gain) for gain in found.gains]
    if min(gains) <= NOTHING * max(1.0, *gains) and not everybody_gains(found):
        return None
    slopes = [weight / scale / max(gain, 1e-300) for weight, gain in zip(weights, gains, strict=True)]
    return solved, Proof([level(found, solved, slopes)], weights=[weight / scale for weight in weights], logs=True)


def level(found: ConvexSet, solved: Solved, multipliers: Sequence[float]) -> dict[str, Any]:
    """One step of the proof."""
    prices = {name: max(0.0, float(solved.multipliers[place])) for name, place in found.prices.items()}
    return {"multipliers": dict(zip(found.parties, map(float, multipliers), strict=True)), "prices": prices}


def everybody_gains(found: ConvexSet) -> bool:
    """Whether some point gives all parties more than disagreement."""
    program = found.program.copy()
    least = program.variable()
    for gain in found.gains:
        program.positive(gain.plus(line({least: 1.0}), -1.0))
    program.positive(line({least: -1.0}, 1.0))  # no more than 1, so that it is bounded
    try:
        solved = maximise(program, line({least: 1.0}))
    except NotSolvedError:
        return False
    return float(solved.values[least]) > NOTHING


def utilitarian(found: ConvexSet, weights: Sequence[int], *, rational: bool) -> Answer | None:
    """The greatest weighted sum of gains, among points where nobody loses if `rational`."""
    if rational and not everybody_gains(found):
        return None
    program = found.program.copy()
    floors = [program.positive(gain) for gain in found.gains] if rational else []
    scale = float(sum(weights))
    solved = maximise(program, total(found.gains, [weight / scale for weight in weights]))
    extra = [float(solved.multipliers[place]) for place in floors] or [0.0] * len(weights)
    slopes = [weight / scale + more for weight, more in zip(weights, extra, strict=True)]
    smooth = [weight / scale for weight in weights] if max(extra) < 1e-7 else None
    return solved, Proof([level(found, solved, slopes)], weights=smooth)


def ideals(found: ConvexSet) -> list[float]:
    """The most that each party can gain while nobody loses."""
    program = found.program.copy()
    for gain in found.gains:
        program.positive(gain)
    return [float(maximise(program, gain).of(gain)) for gain in found.gains]


def leximin(found: ConvexSet, units: Sequence[float] | None = None) -> Answer | None:
    """The lexicographic max-min of gains over `units` (1): raise the least, fix whoever cannot have more, go on."""
    if not everybody_gains(found):
        return None
    scale = list(units or [1.0] * len(found.gains))
    proof = Proof()
    fixed: dict[int, float] = {}
    while True:
        solved, least, slopes = _raise_least(found, scale, fixed)
        proof.levels.append(
            {**level(found, solved, slopes), "active": [n for i, n in enumerate(found.parties) if i not in fixed]}
        )
        bound = [i for i in range(len(scale)) if i not in fixed and slopes[i] * scale[i] > 1e-6]
        proof.levels[-1]["least"] = least
        fixed |= dict.fromkeys(bound or [i for i in range(len(scale)) if i not in fixed], least)
        if len(fixed) == len(scale):
            return solved, proof


def _raise_least(found: ConvexSet, scale: list[float], fixed: dict[int, float]) -> tuple[Solved, float, list[float]]:
    """The fixed ones are held a hair lower, for a point of the boundary leaves the solver no room."""
    for hair in (1e-9, 1e-8):
        try:
            return _raise(found, scale, fixed, hair)
        except NotSolvedError:
            if not fixed:
                raise
    return _raise(found, scale, fixed, 1e-7)


def _raise(
    found: ConvexSet, scale: list[float], fixed: dict[int, float], hair: float
) -> tuple[Solved, float, list[float]]:
    program: Program = found.program.copy()
    least = program.variable()
    places = []
    for index, gain in enumerate(found.gains):
        if index in fixed:
            places.append(program.positive(gain.plus(line(constant=1.0), -(1 - hair) * fixed[index] * scale[index])))
        else:
            places.append(program.positive(gain.plus(line({least: scale[index]}), -1.0)))
    solved = maximise(program, line({least: 1.0}))
    slopes = [max(0.0, float(solved.multipliers[place])) for place in places]
    return solved, float(solved.values[least]), slopes


def share_of_ideal(found: ConvexSet) -> Answer | None:
    """The leximin of gains over ideal gains; its first level is the last point on the line to the ideal."""
    if not everybody_gains(found):
        return None
    tops = ideals(found)
    answer = leximin(found, tops)
    if answer is not None:
        answer[1].ideals = dict(zip(found.parties, tops, strict=True))
    return answer
