"""Rules for bundles against an oracle that tries every allocation."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest
from bundle_oracle import best, blocked_by, clarke, core_constraints, exchange, small
from scipy.optimize import linprog

from mechanisms import run
from mechanisms.check import verify
from mechanisms.types import Problem


def agrees(seed: int) -> None:
    rng = Random(f"vcg {seed}")
    given = small(rng, direction=rng.choice(["sell", "sell", "buy"]))
    outcome = run("vcg", given)
    top = best(given)
    assert outcome.welfare == top.welfare, given
    assert outcome.certificate["grade"] == "exact"
    awards = {award.agent: (award.bundle, award.value) for award in outcome.awards}
    assert awards == {agent: atom for agent, atom in top.choice.items() if atom}, given
    assert outcome.payments == clarke(given), given
    assert verify(Problem.from_json(given), outcome) == [], given


@pytest.mark.parametrize("part", range(10))
def test_vcg_agrees_with_every_allocation_tried(part):
    for seed in range(200 * part, 200 * part + 200):
        agrees(seed)


@pytest.mark.prove
@pytest.mark.parametrize("part", range(100))
def test_vcg_agrees_100_000_times(part):
    for seed in range(10_000 + 1000 * part, 11_000 + 1000 * part):
        agrees(seed)


def core_agrees(seed: int) -> None:
    """Exact payments: nobody blocks them, no core payments have a smaller sum, none of that sum is nearer."""
    rng = Random(f"core {seed}")
    reference = rng.choice(["vcg", "zero", "bids"])
    given = small(rng, "core_selecting", reference=reference)
    outcome = run("core_selecting", given)
    assert verify(Problem.from_json(given), outcome) == [], given
    exact = {agent: Fraction(text) for agent, text in outcome.certificate["payments_exact"].items()}
    assert outcome.payments == {agent: -int(-exact.get(agent, 0) // 1) for agent in outcome.payments}
    everybody = {agent: exact.get(agent, Fraction(0)) for agent in outcome.payments}
    assert blocked_by(given, everybody) <= 0, given
    assert blocked_by(given, outcome.payments) <= 0, given
    if not exact:
        return
    agents, rows, least = core_constraints(given)
    assert agents == list(exact)
    point = np.array([float(exact[agent]) for agent in agents])
    lowest = linprog(np.ones(len(agents)), -rows, -least, bounds=(None, None))
    unit = max(1.0, abs(point).max())
    assert sum(point) == pytest.approx(lowest.fun, abs=1e-6 * unit)
    aim = {"vcg": clarke(given), "zero": dict.fromkeys(agents, 0), "bids": {a.agent: a.value for a in outcome.awards}}
    target = np.array([float(aim[reference][agent]) for agent in agents])
    # Optimal exactly where no step to a better point is open: the nearest other point is no nearer along any direction.
    toward = linprog(point - target, -rows, -least, np.ones((1, len(agents))), [sum(point)], bounds=(None, None))
    assert toward.fun >= (point - target) @ point - 1e-5 * unit * unit, given


def exchange_agrees(seed: int) -> None:
    rng = Random(f"exchange {seed}")
    given = exchange(rng)
    outcome = run("vcg_exchange", given)
    top = best(given, two_sided=True)
    assert outcome.welfare == top.welfare, given
    awards = {award.agent: (award.bundle, award.value) for award in outcome.awards}
    assert awards == {agent: atom for agent, atom in top.choice.items() if atom}, given
    assert outcome.payments == clarke(given, two_sided=True), given
    assert verify(Problem.from_json(given), outcome) == [], given
    balanced = run("vcg_exchange", given, {"pricing": "threshold"})
    assert 0 <= balanced.revenue < max(1, len(balanced.awards))
    assert balanced.awards == outcome.awards
    assert verify(Problem.from_json({**given, "params": {"pricing": "threshold"}}), balanced) == []
    if outcome.revenue < 0:
        assert run("vcg_exchange", given, {"deficit_cap": -outcome.revenue - 1}).status == "void"
        assert run("vcg_exchange", given, {"deficit_cap": -outcome.revenue}).status == "cleared"


def walrasian_agrees(seed: int) -> None:
    """Prices support the allocation, or there is a gap: fractions of bundles are worth more."""
    rng = Random(f"walrasian {seed}")
    given = small(rng, "walrasian")
    outcome = run("walrasian", given)
    found = [f for f in verify(Problem.from_json(given), outcome) if f.claim != "optimal_for_reports"]
    assert found == [], given
    if outcome.status == "no_equilibrium":
        assert outcome.certificate["lp_gap"] > 0
        return
    assert outcome.welfare == best(given).welfare


@pytest.mark.parametrize("agrees_on", [core_agrees, exchange_agrees, walrasian_agrees], ids=lambda f: f.__name__)
def test_other_rules_agree_with_every_allocation_tried(agrees_on):
    for seed in range(60):
        agrees_on(seed)


@pytest.mark.prove
@pytest.mark.parametrize("agrees_on", [core_agrees, exchange_agrees, walrasian_agrees], ids=lambda f: f.__name__)
def test_other_rules_agree_5_000_times(agrees_on):
    for seed in range(1000, 6000):
        agrees_on(seed)
