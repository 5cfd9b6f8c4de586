"""Checks of a Fisher market by the conditions of its equilibrium, and random markets for the audit."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import combinations
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.check.finding import Finding
from mechanisms.check.lying import Lie
from mechanisms.claims import Claim
from mechanisms.decimals import Number
from mechanisms.engine import clear
from mechanisms.fisher import Allotted, Fisher
from mechanisms.spec import Spec

NEAR = 1e-6


def worth(problem: Fisher, agent: str, share: dict[str, Number]) -> float:
    """What that share is worth to the agent."""
    return sum(float(value) * float(share.get(good, 0)) for good, value in problem.buyers[agent][1].items())


def far(one: float, other: float) -> bool:
    """Further apart than the sixth digit."""
    return abs(one - other) > NEAR * max(abs(one), abs(other), 1e-9)


def consistent(problem: Fisher, outcome: Allotted) -> Iterator[Finding]:
    """Everybody and everything is there, utilities are those of the shares, payments are the budgets."""
    if outcome.status == "unproven":
        return
    names, goods = sorted(problem.buyers), sorted(problem.goods)
    if (
        outcome.status != "cleared"
        or outcome.awards
        or not names == sorted(outcome.shares) == sorted(outcome.utilities)
    ):
        yield Finding("consistent", "shares_incomplete", "every agent has its shares", "/shares")
        return
    if sorted(outcome.prices) != goods or any(sorted(share) != goods for share in outcome.shares.values()):
        yield Finding("consistent", "prices_incomplete", "every good has a price", "/prices")
        return
    for name in names:
        if far(worth(problem, name, outcome.shares[name]), float(outcome.utilities[name])):
            yield Finding("consistent", "wrong_utilities", "not what the shares are worth", f"/utilities/{name}")
    budgets = {name: budget for name, (budget, _) in problem.buyers.items()}
    if outcome.payments != (budgets if problem.params.get("money") == "currency" else {}):
        yield Finding("consistent", "wrong_payment", "what is paid is the budget, or nothing", "/payments")
    if any(charge.payee != "@market" for charge in outcome.charges):
        yield Finding("consistent", "wrong_payee", "the market is paid", "/charges")


def feasible(problem: Fisher, outcome: Allotted) -> Iterator[Finding]:
    """Nothing negative, and no more than there is."""
    for good, supply in problem.goods.items() if outcome.status == "cleared" else ():
        handed = [float(share[good]) for share in outcome.shares.values()]
        if min(handed) < 0 or sum(handed) > float(supply) * (1 + NEAR):
            yield Finding("feasible", "oversold", f"more of {good!r} than there is", "/shares")


def optimal_for_reports(problem: Fisher, outcome: Allotted, claim: str = "optimal_for_reports") -> Iterator[Finding]:
    """All priced goods are sold, all budgets spent, and nobody could get more for its money."""
    if outcome.status != "cleared":
        return
    prices = {good: float(price) for good, price in outcome.prices.items()}
    for good, supply in problem.goods.items():
        if prices[good] < 0 or (prices[good] and far(_sold(outcome, good), float(supply))):
            yield Finding(claim, "unsold", f"{good!r} has a price and is left over", f"/prices/{good}")
    for name, (budget, values) in problem.buyers.items():
        if far(sum(prices[good] * float(x) for good, x in outcome.shares[name].items()), budget):
            yield Finding(claim, "unspent", f"{name!r} does not spend its budget", f"/shares/{name}")
        rate = float(outcome.utilities[name]) / budget
        if any(float(value) > rate * prices[good] * (1 + NEAR) for good, value in values.items()):
            yield Finding(claim, "better_buy", f"{name!r} could have more for its money", f"/shares/{name}")

    if not _least(problem, outcome, prices):
        yield Finding(claim, "not_least_squares", "an equilibrium may have a smaller sum of squared shares", "/shares")


def _least(problem: Fisher, outcome: Allotted, prices: dict[str, float]) -> bool:
    """Weak duality: shares x >= 0 that sell every supply s and spend every budget b have a sum of squares of at least

    2 (g s + a b) - sum of max(0, g + a p)^2 over what each would buy at the prices p, whatever the multipliers g and a.
    """
    multipliers = outcome.certificate.get("squares") or {}
    try:
        goods = {good: float(multipliers["goods"][good]) for good in problem.goods}
        agents = {name: float(multipliers["agents"][name]) for name in problem.buyers}
    except (KeyError, TypeError, ValueError):
        return False
    most = 2 * sum(goods[good] * float(supply) for good, supply in problem.goods.items() if prices[good] > 0)
    most += 2 * sum(agents[name] * budget for name, (budget, _) in problem.buyers.items())
    for name, (budget, values) in problem.buyers.items():
        rate = float(outcome.utilities[name]) / budget
        for good, value in values.items():
            if prices[good] > 0 and float(value) >= rate * prices[good] * (1 - NEAR):
                most -= max(0.0, goods[good] + agents[name] * prices[good]) ** 2
    squares = sum(float(x) ** 2 for share in outcome.shares.values() for x in share.values())
    return squares <= most + NEAR * 10 * squares


def _sold(outcome: Allotted, good: str) -> float:
    return sum(float(share[good]) for share in outcome.shares.values())


def pareto(problem: Fisher, outcome: Allotted) -> Iterator[Finding]:
    """An equilibrium is (first welfare theorem)."""
    yield from optimal_for_reports(problem, outcome, "pareto")


def envy_free(problem: Fisher, outcome: Allotted) -> Iterator[Finding]:
    """Nobody would rather have another's shares."""
    for name in problem.buyers if outcome.status == "cleared" else ():
        own = worth(problem, name, outcome.shares[name])
        if any(worth(problem, name, share) > own * (1 + NEAR) for share in outcome.shares.values()):
            yield Finding("envy_free", "envy", f"{name!r} would rather have another's shares", f"/shares/{name}")


CHECKS = {"feasible": feasible, "pareto": pareto, "optimal_for_reports": optimal_for_reports, "envy_free": envy_free}


def draw(spec: Spec, rng: Random, params: dict[str, Any], assumes: Collection[str]) -> dict[str, Any]:
    """Up to four agents and goods; `equal_budgets` is respected."""
    goods = [f"g{i}" for i in range(rng.randint(1, 4))]
    agents: dict[str, Any] = {}
    for index in range(rng.randint(1, 4)):
        values = {good: rng.choice([0, 1, 2, 5]) for good in goods}
        values[rng.choice(goods)] = 3
        agents[f"a{index}"] = {"budget": 10 if "equal_budgets" in assumes else rng.randint(1, 20), "values": values}
    supply = {good: rng.choice([1, 1, 2, 2.5]) for good in goods}
    return {"mechanism": spec.slug, "params": params, "goods": supply, "agents": agents}


def shuffled(problem: Fisher, rng: Random) -> Fisher:
    """The same market in another order."""
    buyers = list(problem.buyers.items())
    rng.shuffle(buyers)
    return replace(problem, buyers=dict(buyers))


def truthful(spec: Spec, claim: Claim, problem: Fisher, rng: Random) -> Lie | None:
    """An agent gains by hiding how much more it likes one good than others."""
    honest = clear(problem)
    for name, (budget, values) in problem.buyers.items():
        before = worth(problem, name, honest.shares[name])
        for good, times in ((good, times) for good in values for times in (0.5, 0.8, 1.25, 2)):
            told = {**values, good: float(values[good]) * times}
            lied = Fisher.from_json(replace(problem, buyers={**problem.buyers, name: (budget, told)}).to_dict())
            gain = worth(problem, name, clear(lied).shares[name]) - before
            if gain > 1e-3 * before:
                return Lie(problem, name, lied, gain)
    return None


def symmetric(spec: Spec, claim: Claim, problem: Fisher, rng: Random) -> Lie | None:
    """Two agents with one budget and one taste have unequal utilities."""
    for one, other in combinations(sorted(problem.buyers), 2):
        twin = replace(problem, buyers={**problem.buyers, other: problem.buyers[one]})
        found = clear(twin).utilities
        if far(float(found[one]), float(found[other])):
            return Lie(problem, other, twin, 0)
    return None


def scale_invariant(spec: Spec, claim: Claim, problem: Fisher, rng: Random) -> Lie | None:
    """One agent writes its values in another unit, and somebody's utility is not the same."""
    name, times = rng.choice(sorted(problem.buyers)), rng.choice([2, 10])
    budget, values = problem.buyers[name]
    other = replace(problem, buyers={**problem.buyers, name: (budget, {good: times * v for good, v in values.items()})})
    before, after = clear(problem).utilities, clear(other).utilities
    if any(far(float(before[one]) * (times if one == name else 1), float(after[one])) for one in before):
        return Lie(problem, name, other, 0)
    return None


def envious(spec: Spec, claim: Claim, problem: Fisher, rng: Random) -> Lie | None:
    """With unequal budgets, somebody envies."""
    return Lie(problem, "", problem, 0) if any(envy_free(problem, clear(problem))) else None


TRIALS = {"truthful": truthful, "symmetric": symmetric, "scale_invariant": scale_invariant}
BREAKERS: dict[str, dict[str, Any]] = {"envy_free": {"equal_budgets": envious}}
