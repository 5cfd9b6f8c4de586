"""The ladder of limits: public steps where bids are sealed, so that a hold tells little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.ladder import RUNGS, on_ladder, rung_above, rung_below
from marketplace.core.limits import MAX_CHARGE_MINOR
from marketplace.core.refusals import Refusal
from tests.factories import Trader, open_a_market

databases = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


@given(st.integers(0, MAX_CHARGE_MINOR))
def test_every_amount_lies_between_two_steps_at_most_two_thirds_apart(amount: int) -> None:
    lower, higher = rung_below(amount), rung_above(amount)
    assert lower <= amount <= higher
    assert on_ladder(lower)
    assert on_ladder(higher)
    assert on_ladder(amount) == (lower == higher)
    assert amount <= 10 or higher * 3 <= lower * 5


def test_the_ladder_rises_to_what_a_card_can_be_charged() -> None:
    assert list(RUNGS) == sorted(set(RUNGS))
    assert (RUNGS[0], RUNGS[-1]) == (0, MAX_CHARGE_MINOR)
    assert all(on_ladder(whole * 10**n) for whole in (1, 2, 3, 5) for n in range(1, 8))


@databases
def test_between_two_steps_both_are_named_and_nothing_is_held() -> None:
    market, trader = open_a_market(), Trader()
    with pytest.raises(Refusal) as caught:
        trader.join(market, 9000)
    refusal = caught.value
    assert (refusal.status, refusal.code, refusal.pointer) == (422, "limit_off_ladder", "/limit_minor")
    assert refusal.extra == {"lower": 7500, "higher": 10_000}
    assert "75.00 EUR and 100.00 EUR" in refusal.detail
    assert not market.participations.exists()
    assert trader.join(market, refusal.extra["higher"]).limit_minor == 10_000
