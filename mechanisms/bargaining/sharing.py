"""The bargaining solutions over shares of resources, with the multipliers and prices that prove them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mechanisms.bargaining.economy import Economy, economy
from mechanisms.bargaining.proof import Proof
from mechanisms.bargaining.types import Bargain
from mechanisms.bargaining.worth import utilities
from mechanisms.solve.curves import Floats
from mechanisms.solve.errors import NotSolvedError
from mechanisms.solve.interior import maximise
from mechanisms.solve.sharing import Aim, Point

# A least gain of less than this part of what each could gain at most is none.
NOTHING = 1e-7
# Who stands this near the level cannot have more, if its multiplier is large enough to prove it in doubles.
STANDING = 1e-4
PROVABLE = 1e-9
TOO_STEEP = "the set is too steep to prove who cannot have more"
Shares = dict[str, dict[str, float]]


class Answer(NamedTuple):
    """Shares, None where not all can gain, and the proof of either."""

    shares: Shares | None
    proof: Proof


def nash(problem: Bargain, weights: Sequence[int]) -> Answer:
    """The greatest weighted sum of logarithms of gains."""
    whole = economy(problem)
    logs = np.array(weights) / sum(weights)
    if whole.top.min() > 0:
        try:
            point = maximise(whole.sharing, Aim(logs, 0 * logs, logs > 0))
        except NotSolvedError:
            if _hopeless(whole) is None:
                raise
        else:
            if point.above.min() > NOTHING:
                slopes = logs / (point.above * whole.unit)
                return Answer(whole.shares(point.variables), Proof([_level(whole, slopes, point.prices)]))
    refusal = _hopeless(whole)
    if refusal is None:
        raise NotSolvedError("gains are too small")
    return Answer(None, refusal)


def utilitarian(problem: Bargain, weights: Sequence[int], *, rational: bool) -> Answer:
    """The greatest weighted sum of gains, among shares with which nobody loses if `rational`."""
    whole = economy(problem)
    refusal = _hopeless(whole) if rational else None
    if refusal is not None:
        return Answer(None, refusal)
    stake = np.array(weights) * whole.unit
    held = np.full(len(weights), rational)
    point = maximise(whole.sharing, Aim(0 * stake, stake / stake.sum(), held))
    times = stake.sum() / sum(weights)
    slopes = np.array(weights) / sum(weights) + point.floors * times / whole.unit
    return Answer(whole.shares(point.variables), Proof([_level(whole, slopes, point.prices * times)]))


def leximin(problem: Bargain, units: Mapping[str, float] | None = None) -> Answer:
    """The lexicographic max-min of gains over `units` (1): raise the least, leave whoever cannot have more, go on.

    Whoever is left pays prices for some resources; nobody who goes on can have any of those, for it would have to take
    it from them. So the others go on with the other resources alone.
    """
    whole = economy(problem)
    refusal = _hopeless(whole)
    if refusal is not None:
        return Answer(None, refusal)
    shares: Shares = {}
    proof = Proof()
    while True:
        unit = np.array([1.0 if units is None else units[name] for name in whole.parties])
        ratio = unit / whole.unit
        times = float(1 / ratio.max())
        point = _raised(whole, ratio * times)
        least = point.level * times
        if proof.levels and least < proof.levels[-1]["least"]:
            raise NotSolvedError(TOO_STEEP)  # its dust of a closed resource was worth something
        proof.levels.append(
            _level(whole, point.floors * times / whole.unit, point.prices * times, active=whole.parties, least=least)
        )
        stay = _bound(point, ratio * times)
        own = whole.shares(point.variables)
        closed = {name for name, shut in zip(whole.resources, point.prices > point.left, strict=True) if shut}
        shares |= {name: own[name] for name, stays in zip(whole.parties, stay, strict=True) if stays}
        rest = [name for name, stays in zip(whole.parties, stay, strict=True) if not stays]
        if not rest:
            return Answer(shares, proof)
        whole = economy(problem, rest, _left(whole, closed, own, rest))


def _bound(point: Point, ratio: Floats) -> Any:
    """Who cannot have more: its multiplier is more than what it is above the level."""
    costs = point.floors * ratio
    stay = point.above / ratio < STANDING
    if not stay.any() or costs[stay].min() < PROVABLE:
        raise NotSolvedError(TOO_STEEP)
    return stay


def _left(whole: Economy, closed: set[str], own: Shares, rest: list[str]) -> dict[str, float]:
    """What is left of the resources that have no price, when those who stay have what they need."""
    left = {name: float(amount) for name, amount in zip(whole.resources, whole.amount, strict=True)}
    for name in set(own) - set(rest):
        for resource, share in own[name].items():
            left[resource] -= share
    return {name: max(0.0, amount) for name, amount in left.items() if name not in closed}


def _raised(whole: Economy, rise: Floats) -> Point:
    nothing = np.zeros(len(rise))
    return maximise(whole.sharing, Aim(nothing, nothing, np.ones(len(rise), bool), rise))


def _hopeless(whole: Economy) -> Proof | None:
    """The proof that no shares give all parties more than disagreement, if there is one."""
    if whole.top.min() <= 0:
        slopes = np.where(whole.top == whole.top.min(), 1.0, 0.0)
        return Proof([_level(whole, slopes, np.zeros(len(whole.resources)))])
    point = _raised(whole, np.ones(len(whole.unit)))
    if point.level > NOTHING:
        return None
    return Proof([_level(whole, point.floors / whole.unit, point.prices)])


def share_of_ideal(problem: Bargain) -> Answer:
    """The leximin of gains over ideal gains; its first level is the last point on the line to the ideal."""
    whole = economy(problem)
    refusal = _hopeless(whole)
    if refusal is not None:
        return Answer(None, refusal)
    tops = {name: _ideal(problem, whole, place) for place, name in enumerate(whole.parties)}
    shares, proof = leximin(problem, {name: top["gain"] for name, top in tops.items()})
    proof.ideals = tops
    return Answer(shares, proof)


def _ideal(problem: Bargain, whole: Economy, place: int) -> dict[str, Any]:
    """The most that one party can gain while nobody loses, with shares that give it that, and its proof."""
    weights = np.zeros(len(whole.parties))
    weights[place] = 1.0
    if np.delete(whole.sharing.base, place).min() >= 0:  # nobody needs anything: it can have all
        everything = dict(zip(whole.resources, whole.amount.tolist(), strict=True))
        shares: Shares = {name: {} for name in whole.parties} | {whole.parties[place]: everything}
        return {
            **_level(whole, weights, np.zeros(len(whole.resources))),
            "gain": float(whole.unit[place]),
            "shares": shares,
        }
    point = maximise(whole.sharing, Aim(0 * weights, weights, np.ones(len(weights), bool)))
    times = float(whole.unit[place])
    shares = whole.shares(point.variables)
    gain = utilities(problem, shares)[whole.parties[place]] - float(
        problem.parties[whole.parties[place]]["disagreement"]
    )
    slopes = weights + point.floors * times / whole.unit
    return {**_level(whole, slopes, point.prices * times), "gain": gain, "shares": shares}


def _level(whole: Economy, multipliers: Floats, prices: Floats, **more: Any) -> dict[str, Any]:
    """One step of a proof: by party and by resource, in the problem's own units."""
    return {
        "multipliers": dict(zip(whole.parties, multipliers.tolist(), strict=True)),
        "prices": dict(zip(whole.resources, (prices / whole.amount).tolist(), strict=True)),
        **more,
    }
