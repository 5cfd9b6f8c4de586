"""Settlements in virtual time while a tenth of all calls goes wrong: none double, none lost, at rest in a minute."""

import os

import pytest

from marketplace.stripe_sandbox import chaos
from tests.settlement import simulator
from tests.settlement.simulation import simulate
from tests.settlement.simulator import HEALED_WITHIN

SETTLEMENTS = int(os.environ.get("PROVE_SETTLEMENTS") or 100_000)


@pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
@pytest.mark.parametrize("seed", [1])
def test_a_sample(seed, monkeypatch):
    before = sum(chaos.struck.values())
    world, slowest, faults = simulate(seed, monkeypatch.setattr, markets=5, buyers=6, winners=4)
    print(f"seed {seed}: {dict(world.counts)}, at rest {slowest:.1f} virtual seconds after healing")
    assert faults == []
    assert slowest <= HEALED_WITHIN
    assert sum(chaos.struck.values()) - before > 5


@pytest.mark.prove
def test_a_hundred_thousand(capfd):
    """In shards, on SQLite in memory whichever database the suite runs on; each prints its seed."""
    with capfd.disabled():
        assert simulator.run(SETTLEMENTS, os.cpu_count() or 1, first_seed=100) == 0
