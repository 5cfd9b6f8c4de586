"""Ex-post regret: how much a bidder could have gained by another bid, against the bids that were made."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from random import Random

from msgspec.structs import replace

from mechanisms.bids import Bid, Step
from mechanisms.check.bundle_worlds import lies as bundle_lies
from mechanisms.engine import clear
from mechanisms.errors import ProblemError
from mechanisms.measures.clearing import Clearing, true_worth
from mechanisms.measures.registry import Found, measure
from mechanisms.types import Problem

MOST_TRIED = 20_000  # clearings in all
FOUND_TRIES = 40  # other bids of each bidder where they cannot be enumerated


@measure(label="Ex-post regret of a participant", unit="money", per="participant")
def regret(clearing: Clearing) -> Found:
    """The most true surplus that another bid would have brought a bidder, others' bids as they are, beyond what it has.
    Exact: one lot, and everybody trades at most one unit or slot; every bid that could change the outcome is tried.

    Reference: Dütting, Feng, Narasimhan, Parkes and Ravindranath, Optimal Auctions through Deep Learning, Journal of
    the ACM 71 (2024).

    Assumes: private values, quasilinear; true values were supplied (simulations), null otherwise.
    """
    if not _asked(clearing) or not exact(clearing.whole):
        return None
    return {truth.agent: _regret(clearing, truth, _unit_bids(clearing.whole, truth)) for truth in clearing.truths}


@measure(label="Ex-post regret found for a participant", unit="money", per="participant")
def regret_found(clearing: Clearing) -> Found:
    """A lower bound of ex-post regret, where bids of several units or bundles are too many to try: the most found.
    A seeded sample of other bids is tried; null where `regret` is exact.

    Reference: Dütting, Feng, Narasimhan, Parkes and Ravindranath, Optimal Auctions through Deep Learning, Journal of
    the ACM 71 (2024).

    Assumes: private values, quasilinear; true values were supplied (simulations), null otherwise.
    """
    if not _asked(clearing) or exact(clearing.whole):
        return None
    rng = Random(clearing.outcome.digest)
    return {truth.agent: _regret(clearing, truth, _sample(clearing.whole, truth, rng)) for truth in clearing.truths}


def _asked(clearing: Clearing) -> bool:
    return bool(clearing.auction and clearing.truths and not clearing.recorded and clearing.small)


def exact(problem: Problem) -> bool:
    """Whether every bidder trades at most one unit of one lot, or one slot, and states no budget."""
    one = len(problem.lots) == 1 and all(bid.budget is None for bid in problem.bids)
    return one and all(_unit(bid) and len(problem.bids) ** 2 * 6 <= MOST_TRIED for bid in problem.bids)


def _unit(bid: Bid) -> bool:
    steps = bid.steps or ()
    atoms = bid.atoms or ()
    return (len(steps) == 1 and abs(steps[0].quantity) == 1 and not atoms) or (
        len(atoms) == 1 and not steps and [abs(n) for n in atoms[0].bundle.values()] == [1]
    )


def _regret(clearing: Clearing, truth: Bid, others: list[Bid]) -> int:
    have = (clearing.true or {}).get(truth.agent, 0)
    best = have
    for bid in others:
        lied = replace(clearing.whole, bids=tuple(bid if b.agent == truth.agent else b for b in clearing.whole.bids))
        try:
            outcome = clear(lied)
        except ProblemError:
            continue
        award = outcome.award_of(truth.agent)
        best = max(best, true_worth(truth, award, clearing.whole) - outcome.payments.get(truth.agent, 0))
    return best - have


def _unit_bids(problem: Problem, truth: Bid) -> list[Bid]:
    """To stay away, and every price between which an outcome changes as one price moves: others', the reserve, beside.

    With qualities it is others' scores over one's own quality.
    """
    quality = {agent: Fraction(str(own)) for agent, own in problem.params.get("quality", {}).items()}
    mine = quality.get(truth.agent, Fraction(1))
    marks = {lot.reserve for lot in problem.lots} | {_price(truth)}
    for bid in problem.bids:
        if bid.agent != truth.agent:
            marks.add(floor(quality.get(bid.agent, Fraction(1)) * _price(bid) / mine))
    prices = sorted({max(0, mark + shift) for mark in marks for shift in (-1, 0, 1)})
    return [Bid(truth.agent, steps=()), *(_priced(truth, price) for price in prices)]


def _price(bid: Bid) -> int:
    return abs(bid.atoms[0].value) if bid.atoms else max((step.price for step in bid.steps or ()), default=0)


def _priced(truth: Bid, price: int) -> Bid:
    if truth.atoms:
        (atom,) = truth.atoms
        sign = 1 if min(atom.bundle.values()) > 0 else -1
        return Bid(truth.agent, atoms=(replace(atom, value=sign * price),))
    (step,) = truth.steps or ()
    return Bid(truth.agent, steps=(replace(step, price=price),))


def _sample(problem: Problem, truth: Bid, rng: Random) -> list[Bid]:
    if truth.atoms is not None:
        found = list(bundle_lies(problem, truth, rng))
    else:
        found = [Bid(truth.agent, steps=()), *(_scaled(truth, rng) for _ in range(FOUND_TRIES))]
    return [truth, *found[:FOUND_TRIES]]


def _scaled(truth: Bid, rng: Random) -> Bid:
    """Other prices and fewer units, in the order that steps have."""
    factor, fewer = rng.uniform(0.4, 1.6), rng.choice([0, 0, 1])
    steps = [replace(step, price=max(0, round(step.price * factor))) for step in truth.steps or ()]
    kept: list[Step] = steps[: max(1, len(steps) - fewer)]
    return Bid(truth.agent, steps=tuple(kept))
