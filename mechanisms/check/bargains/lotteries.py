"""Checks of lotteries over agreements: multipliers by which no agreement is worth more than the lottery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.check.bargains.objectives import weights
from mechanisms.check.bargains.shares import NEAR, far
from mechanisms.check.bargains.worlds import Worlds, worlds
from mechanisms.check.finding import Finding

# A hair of what those who cannot have more keep may buy the others much more than a hair.
HAIR = 2e-7


def _rational(problem: Bargain) -> bool:
    return bool(problem.params.get("individually_rational", True))


def consistent(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Chances sum to 1, nobody would refuse what may be drawn, and utilities are the means."""
    found = worlds(problem)
    right = [number / found.scale for number in found.disagreement]
    if outcome.status not in ("disagreement", "unproven"):
        named = [found.place(part.agreement) for part in outcome.lottery]
        places = [place for place in named if place is not None]
        if not named or outcome.shares or outcome.agreement or len(places) < len(named):
            yield Finding("consistent", "unknown_agreement", "a lottery is over agreements", "/lottery")
            return
        chances = np.array([float(part.probability) for part in outcome.lottery])
        if chances.min() < 0 or abs(chances.sum() - 1) > NEAR:
            yield Finding("consistent", "wrong_chances", "chances sum to 1", "/lottery")
        if _rational(problem) and found.gains[:, places].min() < 0:
            yield Finding("consistent", "unacceptable", "somebody would refuse what may be drawn", "/lottery")
        right = ((found.utilities[:, places] / found.scale).astype(float) @ chances).tolist()
    elif outcome.lottery or outcome.shares or outcome.agreement:
        yield Finding("consistent", "agreement_without_agreement", "without agreement nothing is due", "/lottery")
    stated = [float(outcome.utilities[name]) for name in found.parties if name in outcome.utilities]
    if len(stated) != len(outcome.utilities) or len(stated) != len(right) or any(map(far, stated, right)):
        yield Finding("consistent", "wrong_utilities", "utilities are not those of the lottery", "/utilities")


def _gains(found: Worlds, outcome: Bargained) -> np.ndarray:
    stated = np.array([number / found.scale for number in found.disagreement])
    return np.array([float(outcome.utilities[name]) for name in found.parties]) - stated


def individually_rational(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Nobody has less than without an agreement."""
    found = worlds(problem)
    for name, gain, without in zip(found.parties, _gains(found, outcome), found.disagreement, strict=True):
        if gain < -NEAR * (1 + abs(without / found.scale)):
            yield Finding(
                "individually_rational", "below_disagreement", f"{name!r} would rather disagree", "/utilities"
            )


def pareto(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """What is optimal by multipliers that are all positive, or by a leximin, is beaten by no lottery."""
    yield from optimal_for_reports(problem, outcome, "pareto")


def optimal_for_reports(problem: Bargain, outcome: Bargained, claim: str = "optimal_for_reports") -> Iterator[Finding]:
    """What the rule maximises is within a millionth of the bound that multipliers prove; disagreement exactly."""
    if outcome.status == "unproven":
        return
    found = worlds(problem)
    allowed = found.acceptable if _rational(problem) else np.arange(found.utilities.shape[1])
    hopeless = _rational(problem) and (not len(allowed) or found.gains[:, allowed].max(axis=1).min() <= 0)
    if hopeless != (outcome.status == "disagreement"):
        yield Finding(claim, "wrong_status", "disagreement means that somebody can gain nothing", "/status")
        return
    if hopeless:
        return
    gains = found.gains[:, allowed].astype(float) / found.scale
    try:
        good = _proven(problem, found, gains, _gains(found, outcome), outcome.certificate["levels"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError):
        good = False  # a garbled certificate proves nothing
    if not good:
        yield Finding(claim, "gap", "the proof leaves room for something better", "/certificate")


def _proven(problem: Bargain, found: Worlds, gains: np.ndarray, have: np.ndarray, levels: list[Any]) -> bool:
    power = np.array(weights(problem, found.parties), float)
    power /= power.sum()
    if problem.mechanism == "nash_bargaining":
        return bool(have.min() > 0 and (power / have @ gains).max() <= 1 + NEAR)
    if problem.mechanism == "utilitarian_bargaining":
        reached = float(power @ have)
        return bool((power @ gains).max() <= reached + NEAR * (1 + abs(reached)))
    unit = gains.max(axis=1) if problem.mechanism == "kalai_smorodinsky" else np.ones(len(have))
    return _levels(found.parties, gains, have, unit, levels)


def _levels(
    parties: list[str], gains: np.ndarray, have: np.ndarray, unit: np.ndarray, levels: list[dict[str, Any]]
) -> bool:
    """At each level the least share of the active parties cannot rise while the others keep what they have."""
    active = np.ones(len(parties), bool)
    for place, level in enumerate(levels):
        if {parties[i] for i in np.flatnonzero(active)} != set(level["active"]):
            return False
        later = set(levels[place + 1]["active"]) if place + 1 < len(levels) else set()
        times = np.array([max(0.0, float(level["multipliers"][name])) for name in parties])
        weight = float((times * unit)[active].sum())
        least = float((have / unit)[active].min())
        if weight <= 0:
            return False
        kept = float((times * have)[~active].sum())
        most = (float((times @ gains).max()) - kept) / weight
        if most > least + NEAR * (1 + abs(least)) + HAIR * kept / weight:
            return False
        leaves = active & np.array([name not in later for name in parties])
        # Who leaves has no more than the level, and a multiplier by which more would lift the sum above its bound.
        stuck = (have / unit <= least + NEAR * (1 + abs(least)) * 2) & (times * unit > 1e-6 * weight)
        if not leaves.any() or not stuck[leaves].all():
            return False
        active &= ~leaves
    return not active.any()
