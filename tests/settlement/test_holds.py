"""Stories of joining: who can be held, who is refused, and what a card says."""

import pytest

from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.settlement import calls, services
from marketplace.settlement.models import Authorisation, Journal, PaymentMethod, PayoutAccount
from tests.settlement.factories import PrincipalFactory
from tests.settlement.stories import Sale, all_of, intent, payer

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def test_a_hold_is_at_stripe_and_in_the_books():
    sale = Sale()
    row = sale.joined(1234)
    assert (row.state, intent(row)["amount_capturable"]) == ("authorised", 1234)
    named = {"authorisation": row.ref, "participation": row.reference, "attempt": "1"}
    assert intent(row)["metadata"] == named
    (hold,) = sale.journal.transfers.all()
    assert (hold.kind, hold.debit, hold.amount_minor) == ("pending", f"payer:{row.reference}", 1234)
    assert services.balances(sale.journal) == {}


def test_who_can_owe_nothing_needs_no_card():
    row = Sale().reserved(0, PrincipalFactory())
    assert (row.state, row.payment_method) == ("authorised", None)
    assert all_of("payment_intents") == []


@pytest.mark.parametrize(
    ("limit", "status", "code"),
    [
        (100_000_000, 422, "limit_too_high"),
        (49, 422, "limit_too_low"),
        (1000, 402, "payment_method_needed"),
    ],
)
def test_what_cannot_be_held_is_refused(limit, status, code):
    with pytest.raises(Refusal) as refused:
        Sale().reserved(limit, PrincipalFactory())
    assert (refused.value.status, refused.value.code) == (status, code)
    assert Authorisation.objects.count() == 0


def test_three_decimals_are_held_as_they_can_be_charged():
    journal = Journal.objects.create(name="market:mkt_kwd", currency="KWD")
    row = services.reserve(journal=journal, reference="prt_k", principal=payer(), amount_minor=1239)
    assert row.amount_minor == 1230


def test_a_card_that_is_declined_at_once():
    principal = PrincipalFactory()
    with pytest.raises(Refusal) as refused:
        services.add_payment_method(principal=principal, token="pm_card_visa_chargeDeclinedInsufficientFunds")
    assert (refused.value.status, refused.value.code) == (402, "payment_method_declined")
    assert refused.value.extra == {"decline_code": "insufficient_funds"}
    with pytest.raises(Refusal, match="payment_method_needed"):
        Sale().reserved(1000, principal)


def test_a_declined_card_may_be_tried_again_under_a_new_key():
    principal = PrincipalFactory()
    for attempt in (1, 2):
        with pytest.raises(Refusal):
            services.add_payment_method(principal=principal, token="pm_card_chargeDeclined")
        assert PaymentMethod.objects.get().attempt == attempt


def test_a_card_that_is_declined_when_it_is_charged():
    sale = Sale()
    row = sale.joined(1000, payer("pm_card_chargeCustomerFail"))
    assert (row.state, row.decline_code) == ("refused", "generic_decline")
    assert services.unsettled_count(sale.journal) == 0
    assert sale.journal.transfers.count() == 0


@pytest.mark.parametrize("token", ["", "card", "pm_", "pm_a/b", "pm_" + "x" * 61, "pm_é"])
def test_what_names_no_card(token):
    with pytest.raises(Refusal) as refused:
        services.add_payment_method(principal=PrincipalFactory(), token=token)
    assert refused.value.code == "payment_method_invalid"


def test_the_same_card_and_the_same_account_twice():
    principal = PrincipalFactory()
    cards = {services.add_payment_method(principal=principal, token="pm_card_visa").ref for _ in range(2)}
    accounts = {services.add_payout_account(principal=principal).ref for _ in range(2)}
    assert (len(cards), len(accounts)) == (1, 1)
    assert (len(all_of("customers")), len(all_of("accounts"))) == (1, 1)
    assert PaymentMethod.objects.get().label == "visa •••• 4242"
    assert PayoutAccount.objects.get().state == "pending"


def test_a_second_card_belongs_to_the_same_customer_and_is_used_next():
    principal = payer()
    second = services.add_payment_method(principal=principal, token="pm_card_mastercard")
    assert len(all_of("customers")) == 1
    assert Sale().reserved(1000, principal).payment_method == second


def test_who_comes_second_does_nothing():
    row = Sale().joined(1000)
    assert services.authorise(authorisation=row).state == "authorised"
    assert len(all_of("payment_intents")) == 1


def test_a_join_whose_process_died_is_completed_by_a_sweep(hurry):
    row = Sale().reserved(1000)
    assert sweeps.run_due() == 0  # its own caller has a few seconds first
    hurry()
    sweeps.run_due()
    row.refresh_from_db()
    assert row.state == "authorised"


def test_a_hold_cancelled_at_stripe_before_we_let_go():
    sale = Sale()
    row = sale.joined(1000)
    calls.cancel(intent=row.payment_intent, key="by hand")
    services.release_all(journal=sale.journal)
    sweeps.run_due()
    row.refresh_from_db()
    assert row.state == "released"
