"""How long a hold lives is what Stripe says: one that ends before its market will have settled is not joined with."""

from datetime import timedelta

import pytest

from marketplace.bidding.raises import raise_limit
from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.settlement.models import Authorisation
from marketplace.stripe_sandbox import clock as their_clock
from tests.factories import Trader, open_a_market
from tests.stripe_over_http import stripe_over_http  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.usefixtures("stripe_over_http"),
]
DAY = 24 * 3600


@pytest.fixture
def short_holds():
    """Stripe counts from five days ago: what it holds now ends in two."""
    their_clock.set_ahead(-5 * DAY)
    yield
    their_clock.set_ahead(0)


def test_what_stripe_says_is_kept():
    part = Trader().join(open_a_market())
    hold = part.authorisation
    assert abs(hold.capture_before - hold.created_at - timedelta(days=7)) < timedelta(hours=1)
    assert hold.needed_until > part.market.closes_at


@pytest.mark.parametrize("stated", [{}, {"money": "charge", "on_default": "deposit", "deposit_minor": 500}])
def test_a_hold_that_ends_too_soon_is_let_go_and_refused(short_holds, stated):
    trader, market = Trader(), open_a_market(closes_in_s=3 * DAY, **stated)
    with pytest.raises(Refusal) as refused:
        trader.join(market)
    assert (refused.value.code, refused.value.status) == ("hold_too_short", 409)
    sweeps.run_due()
    hold = Authorisation.objects.get()
    assert (hold.state, hold.decline_code) == ("released", "hold_too_short")
    assert trader.join(open_a_market(closes_in_s=DAY)).state == "active"


def test_a_raise_whose_hold_ends_too_soon_leaves_the_old_one():
    trader, market = Trader(), open_a_market(closes_in_s=3 * DAY)
    part = trader.join(market, 10_00)
    their_clock.set_ahead(-5 * DAY)
    try:
        with pytest.raises(Refusal) as refused:
            raise_limit(market=market, identity=trader.identity, limit_minor=20_00, key="raise")
        sweeps.run_due()
    finally:
        their_clock.set_ahead(0)
    part.refresh_from_db()
    assert (refused.value.code, part.limit_minor) == ("hold_too_short", 10_00)
    assert sorted(Authorisation.objects.values_list("state", flat=True)) == ["authorised", "released"]


def test_what_holds_money_is_not_open_for_longer_than_a_hold_lives():
    for stated in ({}, {"money": "charge", "on_default": "deposit", "deposit_minor": 500}):
        with pytest.raises(Refusal) as refused:
            open_a_market(closes_in_s=7 * DAY, **stated)
        assert refused.value.code == "closing_out_of_bounds"


def test_a_late_bid_keeps_an_auction_open_only_as_long_as_the_first_hold_lives():
    ann, bob = Trader(), Trader()
    market = open_a_market(mechanism="english", params={"soft_close_s": 2 * 3600}, closes_in_s=3600)
    for trader in (ann, bob):
        trader.join(market)
    hold = Authorisation.objects.earliest("pk")
    ann.move(market, "bid", amount=100)  # due two hours from now, which is beyond the close
    held_until = Market.objects.get(pk=market.pk).closes_at + timedelta(hours=12)
    Authorisation.objects.filter(pk=hold.pk).update(capture_before=held_until)
    with pytest.raises(Refusal) as refused:
        bob.move(market, "bid", amount=200)
    assert refused.value.code == "soft_close_over"
    Authorisation.objects.filter(pk=hold.pk).update(capture_before=held_until + timedelta(hours=1))
    assert bob.move(market, "bid", amount=200).move.n == 2


def test_a_hold_lives_past_the_last_round_of_a_clock():
    params = {"increments": [[None, 50]], "round_s": 5 * 3600}
    market = open_a_market(mechanism="ascending_clock", params=params, closes_in_s=3600)
    hold = Trader().join(market).authorisation
    assert hold.needed_until == market.closes_at + timedelta(hours=5 + 12)
