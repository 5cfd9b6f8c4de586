"""Pacing: under what Stripe takes in a second, and a pause of everybody where that was too many all the same."""

import pytest

from marketplace.core import sweeps
from marketplace.settlement import gateway, pacing, services
from marketplace.settlement.models import Attempt
from marketplace.settlement.pacing import Pacer
from marketplace.stripe_sandbox import pace
from tests.settlement.stories import Sale, payer

STRIPES = 25  # requests a second in test mode


class Clock:
    """Moves only by sleeping."""

    def __init__(self):
        self.at = 1000.0

    def monotonic(self):
        return self.at

    def sleep(self, seconds):
        self.at += seconds


@pytest.fixture
def still(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(pacing, "time", clock)
    return clock


def test_no_second_has_more_calls_than_stripe_takes(still, settings):
    settings.STRIPE_CALLS_PER_SECOND = 20
    pacer, at = Pacer(), []
    for _ in range(100):
        pacer.wait()
        at.append(still.at)
    assert max(sum(start <= each < start + 1 for each in at) for start in at) <= STRIPES
    assert at[-1] - at[0] == pytest.approx(99 / 20)


def test_after_a_429_everybody_pauses_and_not_all_come_back_at_once(still, settings):
    settings.STRIPE_CALLS_PER_SECOND = 0
    ends = set()
    for _ in range(5):
        pacer, before = Pacer(), still.at
        pacer.slow_down()
        pacer.wait()
        assert 0.5 <= still.at - before <= 1.5
        ends.add(round(still.at - before, 6))
    assert len(ends) == 5


@pytest.fixture
def limited():
    """Stripe's own limit is on."""
    pace.limit_to(STRIPES)
    yield
    pace.limit_to(0)


@pytest.fixture
def slowed(monkeypatch):
    """How often Stripe said that it was too many."""
    said = []
    pacer = Pacer()
    honest = pacer.slow_down
    monkeypatch.setattr(pacer, "slow_down", lambda: (said.append(1), honest()))
    monkeypatch.setattr(gateway, "pacer", pacer)
    return said


def sold(winners):
    """A round of so many winners, all of it still to be settled."""
    sale, buyer = Sale(), payer()
    rows = [sale.joined(1000, buyer) for _ in range(winners)]
    sale.cleared({row.reference: 700 for row in rows})
    return sale


@pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
def test_a_paced_settlement_is_never_told_that_it_is_too_fast(settings, limited, slowed):
    settings.STRIPE_CALLS_PER_SECOND = 20
    sale = sold(12)
    sweeps.run_due()
    assert services.settled(sale.round_ref).obligations == {"paid": 13}
    assert slowed == []


@pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
def test_one_that_is_too_fast_backs_off_and_pays_once(settings, slowed, hurry):
    """429 means that nothing happened: the same keys are sent again, after a pause."""
    sale = sold(40)
    pace.limit_to(STRIPES)
    sweeps.run_due()
    assert slowed
    pace.limit_to(0)
    hurry()
    sweeps.run_due()
    assert services.settled(sale.round_ref).obligations == {"paid": 41}
    assert not Attempt.objects.filter(verb__in=("hold", "capture", "transfer")).exclude(key__contains=":1:").exists()
