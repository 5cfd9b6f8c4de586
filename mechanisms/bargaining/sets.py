"""The convex sets of gains: shares of resources, and lotteries over agreements, as cones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mechanisms.bargaining.polishing import Local, Smooth
from mechanisms.bargaining.types import Bargain
from mechanisms.bargaining.worth import slope, worth
from mechanisms.solve.conic import Line, Program, line


@dataclass(frozen=True)
class ConvexSet:
    """Each party's gain over disagreement as a concave function below which an expression lies.

    `prices` are the places of the resources' constraints among the multipliers.
    """

    parties: list[str]
    program: Program
    gains: list[Line]
    prices: dict[str, int]
    shares: dict[tuple[str, str], int]
    lottery: list[int]


def shares_set(problem: Bargain) -> ConvexSet:
    """Shares of resources: nothing negative, no more than there is of each, every term below its curve."""
    program = Program()
    gains, shares = [], {}
    use: dict[str, list[int]] = defaultdict(list)
    for name in problem.agents():
        party = problem.parties[name]
        gain = line(constant=-float(party["disagreement"]))
        for term in party["terms"]:
            share = program.variable()
            shares[name, term["resource"]] = share
            use[term["resource"]].append(share)
            program.positive(line({share: 1.0}))
            gain = gain.plus(_below(program, term, share))
        gains.append(gain)
    prices = {
        name: program.positive(line(dict.fromkeys(use[name], -1.0), float(problem.resources[name])))
        for name in sorted(use)
    }
    return ConvexSet(problem.agents(), program, gains, prices, shares, [])


def _below(program: Program, term: dict[str, Any], share: int) -> Line:
    """An expression of what the share is worth, at most."""
    own = line({share: 1.0})
    if term["kind"] == "linear" or (term["kind"] == "power" and term["exponent"] == 1):
        return line({share: float(term["coefficient"])})
    height = program.variable()
    if term["kind"] == "piecewise":
        corners = [(float(x), float(u)) for x, u in term["points"]]
        for (x, u), (beyond, top) in pairwise(corners):
            slope = (top - u) / (beyond - x)
            program.positive(line({share: slope, height: -1.0}, u - slope * x))
        program.positive(line({height: -1.0}, corners[-1][1]))
        return line({height: 1.0})
    if term["kind"] == "power":
        program.below_power(line({height: 1.0}), own, float(term["exponent"]))
    elif term["kind"] == "log":
        program.below_log(line({height: 1.0}), line({share: float(term["rate"])}, 1.0))
    else:  # 1 - height >= exp(-rate share)
        program.below_log(line({share: -float(term["rate"])}), line({height: -1.0}, 1.0))
    return line({height: float(term["coefficient"])})


def lottery_set(parties: list[str], gain: np.ndarray) -> ConvexSet:
    """Probabilities over the columns of `gain` (parties x agreements)."""
    program = Program()
    lottery = [program.variable() for _ in range(gain.shape[1])]
    for chance in lottery:
        program.positive(line({chance: 1.0}))
    program.zero(line(dict.fromkeys(lottery, 1.0), -1.0))
    gains = [line(dict(zip(lottery, own.tolist(), strict=True))) for own in gain]
    return ConvexSet(parties, program, gains, {}, {}, lottery)


def share_values(found: ConvexSet, values: np.ndarray) -> dict[str, dict[str, float]]:
    """The shares by party and resource."""
    shares: dict[str, dict[str, float]] = {name: {} for name in found.parties}
    for (name, resource), index in found.shares.items():
        shares[name][resource] = float(values[index])
    return shares


def fitted(found: ConvexSet, problem: Bargain, values: np.ndarray) -> np.ndarray:
    """The variables with no share negative, and what is a hair too much of a resource taken off everybody alike."""
    values = values.copy()
    by_resource: dict[str, list[int]] = defaultdict(list)
    for (_, resource), index in found.shares.items():
        by_resource[resource].append(index)
    for resource, places in by_resource.items():
        values[places] = np.maximum(values[places], 0.0)
        used, amount = values[places].sum(), float(problem.resources[resource])
        if used > amount:
            values[places] *= amount / used
    return values


def utilities_of(problem: Bargain, shares: dict[str, dict[str, float]]) -> dict[str, float]:
    """Each party's utility of its shares, by its terms."""
    return {
        name: sum(worth(term, shares[name][term["resource"]]) for term in problem.parties[name]["terms"])
        for name in shares
    }


def smooth_shares(found: ConvexSet, problem: Bargain, weights: list[float], of_logs: bool) -> Smooth:
    """The problem in the shares alone."""
    order = list(found.shares)
    terms = {(n, term["resource"]): term for n in found.parties for term in problem.parties[n]["terms"]}
    owners = np.array([found.parties.index(name) for name, _ in order])
    resources = list(found.prices)
    use = np.array([[float(own == name) for _, own in order] for name in resources])
    stated = np.array([float(problem.parties[name]["disagreement"]) for name in found.parties])

    logs = [index for index, key in enumerate(order) if terms[key]["kind"] == "log"]
    others = [index for index, key in enumerate(order) if terms[key]["kind"] != "log"]
    times, rates = (np.array([float(terms[order[index]][name]) for index in logs]) for name in ("coefficient", "rate"))

    def at(point: np.ndarray) -> Local:
        values, first, second = np.zeros((3, len(order)))
        inner = 1 + rates * point[logs]
        values[logs], first[logs] = times * np.log(inner), times * rates / inner
        second[logs] = -times * (rates / inner) ** 2
        for index in others:
            term, share = terms[order[index]], float(point[index])
            values[index], (first[index], second[index]) = worth(term, share), slope(term, share)
        slopes = np.zeros((len(stated), len(order)))
        slopes[owners, np.arange(len(order))] = first
        return Local(np.bincount(owners, values, len(stated)) - stated, slopes, second, owners)

    amount = np.array([float(problem.resources[name]) for name in resources])
    corners = tuple(tuple(float(x) for x, _ in terms[key].get("points", ())) for key in order)
    return Smooth(at, use, amount, np.array(weights), of_logs, corners)


def smooth_lottery(gain: np.ndarray, weights: list[float]) -> Smooth:
    """The problem in the chances alone, for the logarithms of mean gains."""
    count = gain.shape[1]
    none = np.zeros(count, np.intp)
    return Smooth(
        lambda chances: Local(gain @ chances, gain, np.zeros(count), none),
        np.ones((1, count)),
        np.ones(1),
        np.array(weights),
        True,
    )
