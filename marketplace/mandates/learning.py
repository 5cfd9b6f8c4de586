"""Rules from cases: what a person would say to acts like those that it has answered, as far as that is known.

A small Bayesian model of a person: in each category it lets things pass up to one amount and forbids them above
another; strangers and nights make it stricter, in a way that is the same everywhere; categories resemble each other;
one answer in twenty is a slip. All of it is enumerated, nothing is sampled, so equal cases give equal rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from marketplace.mandates.policies import ALONE, ASK, NEVER

ANSWERS = (ALONE, ASK, NEVER)
SLIP = 0.05
LADDER = (10, 15, 20, 30, 50, 75)  # the steps of limits in sealed markets
SCALE = (0, *(n * 10**power for power in (1, 2, 3) for n in LADDER), 100_000, 150_000, 200_000)  # minor units
STEPS = len(SCALE)
STRANGERS = ("same", "lower", "ask", "never")
NIGHTS = ("same", "ask", "never")
LOWER = 3  # steps of the scale that a stranger is trusted less by: a factor of about three
SPREAD = 0.25  # how often a category is like no other


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person is thought to look at: the kind of thing, the amount, and the circumstances."""

    category: str
    amount_minor: int
    stranger: bool
    night: bool


@dataclass(frozen=True, slots=True)
class Told:
    """Facts with what the person said to them."""

    facts: Facts
    answer: str


class Belief:
    """What is known of a person after some cases, for the categories that are named."""

    def __init__(self, told: Sequence[Told], categories: Sequence[str]) -> None:
        self.categories = sorted(set(categories) | {case.facts.category for case in told})
        self._seen = np.ones((len(self.categories), len(_circumstances()), len(_pairs())))
        for case in told:
            self._seen[self.categories.index(case.facts.category)] *= _likelihood(case)
        self._mixed = self._seen @ _alike().T  # category, circumstance, what is usual for the person
        weights = np.prod(self._mixed / self._mixed.max(axis=(1, 2), keepdims=True), axis=0)
        self._weights = weights / weights.sum()
        self._joints: dict[int, np.ndarray] = {}

    def chances(self, facts: Facts) -> np.ndarray:
        """How likely each of the three answers is."""
        joint = self._joint(self.categories.index(facts.category))
        answers = _said(step_of(facts.amount_minor), facts.stranger, facts.night)
        return np.array([joint[answers == answer].sum() for answer in range(len(ANSWERS))])

    def _joint(self, index: int) -> np.ndarray:
        """How likely each circumstance and pair is for a category."""
        if index not in self._joints:
            share = self._weights / self._mixed[index]
            self._joints[index] = (share @ _alike()) * self._seen[index]
        return self._joints[index]

    def doubt(self, facts: Facts) -> float:
        """The entropy of the answer, in bits: how much asking would tell."""
        chances = np.clip(self.chances(facts), 1e-12, 1)
        return float(-(chances * np.log2(chances)).sum())


def step_of(amount_minor: int) -> int:
    """The step of the scale that an amount is counted as: the least that is not below it."""
    return min(int(np.searchsorted(SCALE, amount_minor)), STEPS - 1)


def _proven(amount_minor: int, answer: str) -> int:
    """The step that an answer speaks for: what passed says nothing of a little more, what was forbidden of less."""
    step = step_of(amount_minor)
    if SCALE[step] == amount_minor or answer == ASK:
        return step
    return step - 1 if answer == ALONE else min(step + 1, STEPS - 1)


def most_telling(told: Sequence[Told], pool: Sequence[Facts]) -> Facts:
    """The act of the pool whose answer is least certain; among equals the first."""
    belief = Belief(told, [facts.category for facts in pool])
    asked = {case.facts for case in told}
    return max((facts for facts in pool if facts not in asked), key=belief.doubt)


@lru_cache(maxsize=1)
def _pairs() -> np.ndarray:
    """Every (highest step that passes, highest step that is not forbidden)."""
    return np.array([(low, high) for low in range(-1, STEPS) for high in range(low, STEPS)])


@lru_cache(maxsize=1)
def _circumstances() -> list[tuple[str, str]]:
    return [(stranger, night) for stranger in STRANGERS for night in NIGHTS]


@lru_cache(maxsize=1)
def _alike() -> np.ndarray:
    """How likely a category's pair is, given what is usual for the person: near it, or anything."""
    pairs = _pairs()
    apart = np.abs(pairs[:, None, :] - pairs[None, :, :]).sum(axis=2)
    near = np.exp(-apart / 2.0)
    near /= near.sum(axis=1, keepdims=True)
    return (1 - SPREAD) * near + SPREAD / len(pairs)


@lru_cache(maxsize=1024)
def _said(step: int, stranger: bool, night: bool) -> np.ndarray:
    """What a person with each circumstance and pair says: an index into ANSWERS."""
    rows = []
    for toward, at_night in _circumstances():
        shifted = step + (LOWER if stranger and toward == "lower" else 0)
        said = np.where(shifted <= _pairs()[:, 0], 0, np.where(shifted <= _pairs()[:, 1], 1, 2))
        for applies, how in ((stranger, toward), (night, at_night)):
            if applies and how in ANSWERS:
                said = np.maximum(said, ANSWERS.index(how))
        rows.append(said)
    return np.array(rows)


def _likelihood(case: Told) -> np.ndarray:
    facts = case.facts
    step = _proven(facts.amount_minor, case.answer)
    agrees = _said(step, facts.stranger, facts.night) == ANSWERS.index(case.answer)
    return np.where(agrees, 1 - SLIP, SLIP / 2)
