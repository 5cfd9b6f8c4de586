"""Settlements in virtual time while a tenth of all calls goes wrong: none double, none lost, at rest in a minute."""

import os

import pytest
from django.db import connections

from marketplace.stripe_sandbox import chaos
from tests.settlement.world import HEALED_WITHIN, World

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
RATE = 0.1
SETTLEMENTS = int(os.environ.get("PROVE_SETTLEMENTS") or 100_000)
SHARDS = 40


def simulate(seed, patch, *, markets, buyers, winners, rate=RATE):
    """So many markets of one world; the world, the slowest rest in virtual seconds, and all that is wrong."""
    world = World(seed, patch, buyers=buyers)
    slowest, faults = 0.0, []
    for number in range(markets):
        world.break_everything(rate)
        plan = world.market(winners, outsider=number % 5 == 4)
        slowest = max(slowest, world.run(plan, rate, steps=25))
        if number % 3 == 2 and not plan.gone:
            world.refund(plan)
            slowest = max(slowest, world.run(plan, rate, steps=10))
        faults += world.faults(plan)
    return world, slowest, faults


@pytest.mark.parametrize("seed", [1])
def test_a_sample(seed, monkeypatch):
    before = sum(chaos.struck.values())
    world, slowest, faults = simulate(seed, monkeypatch.setattr, markets=5, buyers=6, winners=4)
    print(f"seed {seed}: {dict(world.counts)}, at rest {slowest:.1f} virtual seconds after healing")
    assert faults == []
    assert slowest <= HEALED_WITHIN
    assert sum(chaos.struck.values()) - before > 10


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(100, 100 + SHARDS))
def test_a_hundred_thousand(seed, monkeypatch):
    for connection in connections.all():
        if connection.vendor == "sqlite":  # what power cuts do is not asked here
            connection.cursor().execute("PRAGMA synchronous=OFF")
    winners = 50
    markets = max(1, SETTLEMENTS // SHARDS // winners)
    world, slowest, faults = simulate(seed, monkeypatch.setattr, markets=markets, buyers=60, winners=winners)
    print(f"seed {seed}: {dict(world.counts)}, at rest {slowest:.1f} virtual seconds after healing")
    assert faults == []
    assert slowest <= HEALED_WITHIN
