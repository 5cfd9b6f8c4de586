"""Refunds: what was collected goes back, from those who were paid out of it, once."""

import pytest

from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.settlement import ledger, services
from marketplace.settlement.models import Obligation, PayoutAccount
from tests.settlement.stories import Sale, all_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def settled(surplus: int = 0):
    """A sale that is settled; its collect."""
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700}, surplus=surplus)
    sweeps.run_due()
    return sale, Obligation.objects.get(kind="collect")


def test_a_full_refund_takes_the_payout_back_and_then_pays_the_buyer():
    sale, collect = settled()
    services.refund(obligation=collect)
    assert (sale.states("reversal"), sale.states("refund")) == (["pending"], ["pending"])
    sweeps.run_due()
    assert (sale.states("reversal"), sale.states("refund")) == (["paid"], ["paid"])
    assert (sale.states("collect"), sale.states("payout")) == (["refunded"], ["refunded"])
    assert set(services.balances(sale.journal).values()) == {0}
    assert [back["amount"] for back in all_of("refunds")] == [700]
    assert all_of("transfers")[0]["amount_reversed"] == 700


def test_refunds_in_part_never_exceed_what_was_collected():
    sale, collect = settled()
    for part in (300, 400):
        services.refund(obligation=collect, amount_minor=part)
        sweeps.run_due()
    with pytest.raises(Refusal, match="not_refundable"):
        services.refund(obligation=collect, amount_minor=1)
    assert sale.states("refund") == ["paid", "paid"]
    assert sale.states("collect") == ["refunded"]


def test_a_second_press_of_the_button_gives_nothing_back():
    _sale, collect = settled()
    services.refund(obligation=collect)
    with pytest.raises(Refusal, match="not_refundable"):
        services.refund(obligation=collect)
    sweeps.run_due()
    assert [back["amount"] for back in all_of("refunds")] == [700]


@pytest.mark.parametrize("amount", [0, -1, 701])
def test_amounts_that_cannot_be_refunded(amount):
    _sale, collect = settled()
    with pytest.raises(Refusal, match="not_refundable"):
        services.refund(obligation=collect, amount_minor=amount)
    assert Obligation.objects.count() == 2


def test_what_the_market_kept_is_given_back_too():
    sale, collect = settled(surplus=100)
    services.refund(obligation=collect)
    sweeps.run_due()
    assert services.balances(sale.journal)[ledger.surplus_account(sale.journal)] == 0
    assert sale.states("refund") == ["paid"]


@pytest.mark.parametrize("word", ["/reversals", "/refunds"])
def test_a_refund_whose_reply_is_lost_is_made_once(word, loses_replies, hurry):
    sale, collect = settled()
    loses_replies(word)
    services.refund(obligation=collect)
    sweeps.run_due()
    hurry()
    sweeps.run_due()
    assert services.settled(sale.round_ref).settled
    assert [back["amount"] for back in all_of("refunds")] == [700]
    assert all_of("transfers")[0]["amount_reversed"] == 700


def test_a_payout_that_still_moves_is_waited_for():
    sale = Sale()
    winner = sale.joined(1000)
    made = sale.cleared({winner.reference: 700})
    services.advance_obligation(made[0].pk)
    with pytest.raises(Refusal, match="round_still_moving"):
        services.refund(obligation=Obligation.objects.get(kind="collect"))


def test_a_round_whose_seller_never_comes_is_undone():
    sale = Sale()
    PayoutAccount.objects.filter(principal=sale.seller).update(state="restricted")
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    assert sale.states("payout") == ["held_for_seller"]
    assert services.undo_round(journal=sale.journal, round_ref=sale.round_ref, reason="no seller") == 1
    assert services.undo_round(journal=sale.journal, round_ref=sale.round_ref, reason="no seller") == 0
    sweeps.run_due()
    assert (sale.states("collect"), sale.states("payout")) == (["refunded"], ["defaulted"])
    assert set(services.balances(sale.journal).values()) == {0}
