"""The axioms of bargaining as trials: each looks for a pair of problems that refutes one."""

from __future__ import annotations

from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.bargaining.types import Agreement, Bargain
from mechanisms.check.lying import Lie
from mechanisms.claims import Claim
from mechanisms.decimals import Number
from mechanisms.engine import clear
from mechanisms.spec import Spec

NEAR = 1e-6


def _differ(one: Number, other: Number, numeric: bool) -> bool:
    return abs(float(one) - float(other)) > NEAR * (1 + abs(float(other))) if numeric else one != other


def _numeric(outcome: Any) -> bool:
    return bool(outcome.certificate["grade"] == "numeric")


def truthful(spec: Spec, claim: Claim, problem: Bargain, rng: Random) -> Lie | None:
    """A party gains by claiming that nothing but one agreement is better than disagreement."""
    honest = clear(problem)
    if honest.lottery:
        return None
    best: Lie | None = None
    for party in problem.agents() if problem.agreements else []:
        for wanted in problem.agreements:
            gain = wanted.utilities[party] - honest.utilities[party]
            if gain <= 0 or (best and gain <= best.gain):
                continue
            lied = _only(problem, party, wanted)
            if clear(lied).agreement == wanted.id:
                best = Lie(problem, party, lied, gain)
    return best


def _only(problem: Bargain, party: str, wanted: Agreement) -> Bargain:
    floor = problem.disagreement[party]
    told = tuple(
        replace(found, utilities={**found.utilities, party: floor + 1 if found is wanted else floor - 1})
        for found in problem.agreements
    )
    return replace(problem, agreements=told)


def symmetric(spec: Spec, claim: Claim, problem: Bargain, rng: Random) -> Lie | None:
    """Two parties change places in every utility, and what they get does not change with them."""
    if not problem.agreements:
        return None
    one, other = rng.sample(problem.agents(), 2)
    names = {one: other, other: one}

    def swap(numbers: dict[str, Number]) -> dict[str, Number]:
        return {name: numbers[names.get(name, name)] for name in numbers}

    swapped = tuple(replace(found, utilities=swap(found.utilities)) for found in problem.agreements)
    mirrored = replace(problem, agreements=swapped, disagreement=swap(problem.disagreement))
    before, after = clear(problem), clear(mirrored)
    for name, value in swap(before.utilities).items():
        if _differ(after.utilities[name], value, _numeric(before)):
            return Lie(problem, name, mirrored, 0)
    return None


def scale_invariant(spec: Spec, claim: Claim, problem: Bargain, rng: Random) -> Lie | None:
    """One party writes its utilities in another unit and from another zero, and something else is agreed."""
    if not problem.agreements:
        return None
    party, times, plus = rng.choice(problem.agents()), rng.choice([2, 3, 10]), rng.randint(0, 3)

    def scaled(numbers: dict[str, Number]) -> dict[str, Number]:
        return {**numbers, party: numbers[party] * times + plus}

    told = tuple(replace(found, utilities=scaled(found.utilities)) for found in problem.agreements)
    other = replace(problem, agreements=told, disagreement=scaled(problem.disagreement))
    before, after = clear(problem), clear(other)
    for name, value in scaled(before.utilities).items():
        if _differ(after.utilities[name], value, _numeric(before)):
            return Lie(problem, party, other, 0)
    return None


def independent_of_alternatives(spec: Spec, claim: Claim, problem: Bargain, rng: Random) -> Lie | None:
    """What was agreed is still there, something else is not any more, and the agreement changes."""
    if not problem.agreements:
        return None
    before = clear(problem)
    used = {part.agreement for part in before.lottery} or {before.agreement}
    spare = [found for found in problem.agreements if found.id not in used]
    if before.status != "cleared" or not spare:
        return None
    gone = rng.choice(spare)
    fewer = replace(problem, agreements=tuple(found for found in problem.agreements if found is not gone))
    after = clear(fewer)
    if any(_differ(after.utilities[name], value, _numeric(before)) for name, value in before.utilities.items()):
        return Lie(problem, "", fewer, 0)
    return None


def monotone(spec: Spec, claim: Claim, problem: Bargain, rng: Random) -> Lie | None:
    """More can be agreed, nobody but one party could hope for more by it, and that party gets less."""
    for left_out in problem.agreements:
        rest = tuple(found for found in problem.agreements if found is not left_out)
        if not rest:
            continue
        fewer = replace(problem, agreements=rest)
        after = clear(problem)
        for party in problem.agents():
            others = [name for name in problem.agents() if name != party]
            if all(_ideal(fewer, name) == _ideal(problem, name) for name in others):
                lost = clear(fewer).utilities[party] - after.utilities[party]
                if lost > (NEAR if _numeric(after) else 0):
                    return Lie(problem, party, fewer, lost)
    return None


def _ideal(problem: Bargain, party: str) -> Number:
    stated = problem.disagreement
    kept = [found.utilities for found in problem.agreements if all(u >= stated[n] for n, u in found.utilities.items())]
    return max((own[party] for own in kept), default=stated[party])
