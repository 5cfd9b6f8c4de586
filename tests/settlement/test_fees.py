"""Fees: kept of what payees receive, never of what payers pay, and given back in proportion."""

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import sweeps
from marketplace.core.money import charge_step, percent_text
from marketplace.settlement import calls, ledger, services
from marketplace.settlement.models import Obligation
from tests.settlement.stories import Sale, all_of

FEE = 25  # of 700


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 10**9)),
    st.integers(0, 5_000),
    st.sampled_from(["EUR", "KWD"]),
)
def test_a_fee_is_a_part_rounded_down_and_nothing_is_lost(payouts, fee_bp, currency):
    step = charge_step(currency)
    payouts = {party: amount * step for party, amount in payouts.items()}
    net, fees = services.after_fee(payouts, fee_bp, currency)
    assert {party: net[party] + fees[party] for party in payouts} == payouts
    for party, amount in payouts.items():
        assert fees[party] % step == 0
        assert 0 <= amount * fee_bp / 10_000 - fees[party] < step + 1e-6
        assert not amount or net[party] > 0


@pytest.mark.parametrize(("hundredths", "text"), [(250, "2.5 %"), (1000, "10 %"), (5, "0.05 %"), (5000, "50 %")])
def test_a_fee_in_words(hundredths, text):
    assert percent_text(hundredths) == text


def sold(sale, **collects):
    """The obligations of a sale of which the platform keeps 25."""
    with transaction.atomic():
        services.record_obligations(
            journal=sale.journal,
            round_ref=sale.round_ref,
            collects=collects,
            payouts={sale.seller_ref: sum(collects.values()) - FEE},
            fees={sale.seller_ref: FEE},
            principals={sale.seller_ref: sale.seller.pk},
            surplus_minor=0,
            residue_minor=0,
        )


def settled():
    """A sale of 700 that is paid out."""
    sale = Sale()
    sold(sale, **{sale.joined(1000).reference: 700})
    sweeps.run_due()
    return sale


def kept(sale):
    return services.balances(sale.journal).get(ledger.fee_account(sale.journal), 0)


@pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
def test_a_fee_is_kept_once_all_is_in_and_goes_back_in_proportion():
    sale = settled()
    assert (sale.states("payout"), kept(sale)) == (["paid"], FEE)
    assert [moved["amount"] for moved in all_of("transfers")] == [700 - FEE]
    collect = Obligation.objects.get(kind="collect")
    services.refund(obligation=collect, amount_minor=280)
    sweeps.run_due()
    assert kept(sale) == FEE - 10  # of 280 in 700
    assert all_of("transfers")[0]["amount_reversed"] == 270
    services.refund(obligation=collect)
    sweeps.run_due()
    assert set(services.balances(sale.journal).values()) == {0}
    assert sale.states("payout") == ["refunded"]
    assert sum(back["amount"] for back in all_of("refunds")) == 700


@pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
@pytest.mark.parametrize("parts", [(1, 1, 698), (697, 1, 2), (333, 333, 34)])
def test_however_it_is_given_back_nobody_gives_more_than_it_has(parts):
    sale = settled()
    for part in parts:
        services.refund(obligation=Obligation.objects.get(kind="collect"), amount_minor=part)
        sweeps.run_due()
    assert set(services.balances(sale.journal).values()) == {0}


@pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
def test_of_a_round_that_is_undone_no_fee_is_kept():
    sale = Sale()
    winner, broke = sale.joined(1000), sale.joined(1000)
    sold(sale, **{winner.reference: 700, broke.reference: 300})
    calls.cancel(intent=broke.payment_intent, key="an outsider's")
    sweeps.run_due()
    assert (kept(sale), sale.states("payout"), sale.states("refund")) == (0, ["defaulted"], ["paid"])
    assert set(services.balances(sale.journal).values()) == {0}
