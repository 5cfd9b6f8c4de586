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
DECADE = (10, 12, 15, 17, 20, 25, 30, 40, 50, 60, 75, 90)  # the steps of limits in sealed markets, and one between two
SCALE = (
    0,
    *(n * 10**power for power in (1, 2, 3) for n in DECADE),
    100_000,
    120_000,
    150_000,
    170_000,
    200_000,
)  # minor units
STEPS = len(SCALE)
STRANGERS = ("same", "lower", "ask", "never")
NIGHTS = ("same", "ask", "never")
CELLS = [(stranger, night) for stranger in (False, True) for night in (False, True)]
LOWER = 6  # steps of the scale that a stranger is trusted less by: a factor of about three
NEAR = 4.0  # steps that a category's bounds are from the usual ones, about
TWICE = 2  # cases about strangers, or about nights, before anything is decided of them
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
        self._tables: dict[str, np.ndarray] = {}
        self._told = list(told)

    def chances(self, facts: Facts) -> np.ndarray:
        """How likely each of the three answers is."""
        step, share = _place(facts.amount_minor)
        row = self.table(facts.category)[CELLS.index((facts.stranger, facts.night))]
        return (1 - share) * row[step - 1] + share * row[step] if share < 1 else row[step]

    def spoken_of(self, stranger: bool, night: bool) -> bool:
        """Whether what makes an act unusual was answered twice: one slip about nights would speak for every night."""
        strangers = sum(case.facts.stranger for case in self._told)
        nights = sum(case.facts.night for case in self._told)
        return (not stranger or strangers >= TWICE) and (not night or nights >= TWICE)

    def table(self, category: str) -> np.ndarray:
        """How likely each answer is in a category: by cell, step of the scale, answer."""
        if category not in self._tables:
            index = self.categories.index(category)
            joint = (self._weights / self._mixed[index]) @ _alike() * self._seen[index]
            self._tables[category] = np.array([_answers(joint, stranger, night) for stranger, night in CELLS])
        return self._tables[category]

    def doubt(self, facts: Facts) -> float:
        """The entropy of the answer, in bits: how much asking would tell."""
        chances = np.clip(self.chances(facts), 1e-12, 1)
        return float(-(chances * np.log2(chances)).sum())


def step_of(amount_minor: int) -> int:
    """The step of the scale that an amount is counted as: the least that is not below it."""
    return min(int(np.searchsorted(SCALE, amount_minor)), STEPS - 1)


def _place(amount_minor: int) -> tuple[int, float]:
    """The step of an amount, and how far it is from the one before to that one."""
    step = step_of(amount_minor)
    if amount_minor >= SCALE[step]:
        return step, 1.0
    return step, (amount_minor - SCALE[step - 1]) / (SCALE[step] - SCALE[step - 1])


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
    near = np.exp(-apart / NEAR)
    near /= near.sum(axis=1, keepdims=True)
    return (1 - SPREAD) * near + SPREAD / len(pairs)


def _answers(joint: np.ndarray, stranger: bool, night: bool) -> list[np.ndarray]:
    """How likely each answer is at each step, given how likely each circumstance and pair is."""
    said = (_said(step, stranger, night).ravel() for step in range(STEPS))
    return [np.bincount(answers, weights=joint.ravel(), minlength=len(ANSWERS)) for answers in said]


@lru_cache(maxsize=len(CELLS) * STEPS)
def _said(step: int, stranger: bool, night: bool) -> np.ndarray:
    """What a person with each circumstance and pair says: an index into ANSWERS."""
    rows = []
    for toward, at_night in _circumstances():
        shifted = min(step + (LOWER if stranger and toward == "lower" else 0), STEPS - 1)
        said = np.where(shifted <= _pairs()[:, 0], 0, np.where(shifted <= _pairs()[:, 1], 1, 2))
        for applies, how in ((stranger, toward), (night, at_night)):
            if applies and how in ANSWERS:
                said = np.maximum(said, ANSWERS.index(how))
        rows.append(said)
    return np.array(rows)


def _likelihood(case: Told) -> np.ndarray:
    """How likely the answer is for each; between two steps, a bound may lie on either side of the amount."""
    facts = case.facts
    step, share = _place(facts.amount_minor)
    agrees = share * (_said(step, facts.stranger, facts.night) == ANSWERS.index(case.answer))
    if share < 1:
        agrees = agrees + (1 - share) * (_said(step - 1, facts.stranger, facts.night) == ANSWERS.index(case.answer))
    return SLIP / 2 + (1 - 1.5 * SLIP) * agrees
