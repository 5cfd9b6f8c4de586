"""Best responses: every lie that could matter, tried against the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.bids import Bid, Step
from mechanisms.check import bundle_worlds
from mechanisms.check.utility import Utility
from mechanisms.engine import clear
from mechanisms.types import Problem

MOST_LIES = 400
SECOND_NAME = "zz"


@dataclass(frozen=True)
class Lie:
    """A profitable deviation: the truthful problem, who lies, the problem with the lie, and the gain.

    `told` says what is wrong where it is no lie that gains.
    """

    problem: Any
    agent: str
    lied: Any
    gain: Any
    told: str = ""


def critical_prices(problem: Problem, bid: Bid) -> list[int]:
    """Where an outcome can change as one agent's price moves: at others' prices, at the reserve and just beside them.

    Between two neighbours of this list the order of all prices stays the same, and payments move one way with the lie,
    so the best lie is in the list.
    """
    others = {step.price for other in problem.bids for step in other.steps or ()}
    marks = others | {lot.reserve for lot in problem.lots} | {step.price for step in bid.steps or ()}
    return sorted({max(0, mark + shift) for mark in marks for shift in (-1, 0, 1)})


def lies(problem: Problem, bid: Bid, rng: Random) -> Iterator[Bid]:
    """Other bids that the agent could make: any critical prices for up to its number of units, or nothing at all."""
    if bid.atoms:
        yield from bundle_worlds.lies(problem, bid, rng)
        return
    signs = {1 if step.quantity > 0 else -1 for step in bid.steps or ()}
    units = sum(abs(step.quantity) for step in bid.steps or ())
    prices = critical_prices(problem, bid)
    found = [
        _priced(bid, chosen, sign)
        for sign in signs
        for count in range(1, min(units, 3) + 1)
        for chosen in combinations_with_replacement(prices, count)
    ]
    if len(found) > MOST_LIES:
        found = rng.sample(found, MOST_LIES)
    yield replace(bid, steps=(), atoms=None, budget=None)
    yield from found


def _priced(bid: Bid, prices: tuple[int, ...], sign: int) -> Bid:
    ordered = sorted(prices, reverse=sign > 0)
    return replace(bid, steps=tuple(Step("X", sign, price) for price in ordered), atoms=None, budget=None)


def best_lie(
    problem: Problem, agent: str, rng: Random, utility: Utility, settle: Callable[[Problem], Problem] = lambda p: p
) -> Lie | None:
    """The most profitable lie of this agent, None where truth is best; `settle` lets a world react to the bids."""
    truth = next(bid for bid in problem.bids if bid.agent == agent)
    honest = settle(problem)
    baseline = utility(honest, clear(honest), truth, (agent,))
    best: Lie | None = None
    for lie in lies(problem, truth, rng):
        lied = settle(_with(problem, agent, lie))
        gain = utility(lied, clear(lied), truth, (agent,)) - baseline
        if gain > (best.gain if best else 0):
            best = Lie(honest, agent, lied, gain)
    return best


def best_false_names(problem: Problem, agent: str, rng: Random, utility: Utility) -> Lie | None:
    """The most profitable pair of bids under two names, the second on either side of a two-sided market."""
    truth = next(bid for bid in problem.bids if bid.agent == agent)
    if truth.atoms:
        return _best_bundle_names(problem, truth, rng, utility)
    baseline = utility(problem, clear(problem), truth, (agent,))
    two_sided = problem.lots[0].supply in (None, 0)
    sign = 1 if (truth.steps or ())[0].quantity > 0 else -1
    best: Lie | None = None
    for first in [truth, *_sample(lies(problem, truth, rng), rng, 12)]:
        for price in critical_prices(problem, truth):
            for side in (1, -1) if two_sided else (sign,):
                second = Bid(SECOND_NAME, steps=(Step("X", side, price),))
                lied = _with(problem, agent, first, second)
                gain = utility(lied, clear(lied), truth, (agent, SECOND_NAME)) - baseline
                if gain > (best.gain if best else 0):
                    best = Lie(problem, agent, lied, gain)
    return best


def _best_bundle_names(problem: Problem, truth: Bid, rng: Random, utility: Utility) -> Lie | None:
    baseline = utility(problem, clear(problem), truth, (truth.agent,))
    best: Lie | None = None
    for pair in bundle_worlds.false_names(problem, truth, rng):
        lied = _with(problem, truth.agent, *pair)
        gain = utility(lied, clear(lied), truth, (truth.agent, SECOND_NAME)) - baseline
        if gain > (best.gain if best else 0):
            best = Lie(problem, truth.agent, lied, gain)
    return best


def _sample(found: Iterator[Bid], rng: Random, count: int) -> list[Bid]:
    every = list(found)
    return every if len(every) <= count else rng.sample(every, count)


def _with(problem: Problem, agent: str, *bids: Bid) -> Problem:
    return replace(problem, bids=tuple(bid for bid in problem.bids if bid.agent != agent) + bids)
