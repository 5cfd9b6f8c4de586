"""Disputes: what is left is frozen until the bank decides, and the books say where the money is."""

import pytest

from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.settlement import gateway, ledger, payouts, reconciliation, services
from marketplace.settlement.disputes import note_dispute
from marketplace.settlement.models import Attempt, Dispute, Obligation, PayoutAccount, Task
from marketplace.stripe_sandbox.objects.event import Event
from tests.settlement.stories import Sale, all_of, payer
from tests.settlement.world import post_event

LONG_AGO = "2000-01-01T00:00:00Z"
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def disputed(seller_state: str = "restricted") -> Sale:
    """A sale of 700 whose buyer went to the bank; its seller cannot be paid at the moment."""
    sale = Sale()
    PayoutAccount.objects.filter(principal=sale.seller).update(state=seller_state)
    winner = sale.joined(1000, payer("pm_card_createDispute"))
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    return sale


def told() -> None:
    """Stripe's events of disputes arrive, when no transfer can be on its way any more; each only makes us look."""
    Attempt.objects.update(last_at=LONG_AGO)
    for event in Event.objects.filter(type__startswith="charge.dispute.").order_by("pk"):
        post_event(event)
    sweeps.run_due()


def decided(verdict: str) -> None:
    """The bank decides."""
    (dispute,) = all_of("disputes")
    evidence = {"evidence": {"uncategorized_text": f"{verdict}_evidence"}}
    gateway.call(lambda client: client.v1.disputes.update(dispute["id"], evidence))


def enabled(sale: Sale) -> None:
    PayoutAccount.objects.filter(principal=sale.seller).update(state="enabled")
    payouts.resume(principal=sale.seller)
    sweeps.run_due()


def test_what_is_left_is_frozen_and_paid_out_once_it_is_won():
    sale = disputed()
    told()
    collect = Obligation.objects.get(kind="collect")
    books = services.balances(sale.journal)
    assert (books[ledger.disputed_account(sale.journal)], books[f"bank:{collect.reference}"]) == (-700, 700)
    enabled(sale)
    assert (sale.states("payout"), all_of("transfers")) == (["held_for_seller"], [])
    with pytest.raises(Refusal, match="not_refundable"):
        services.refund(obligation=collect)
    decided("winning")
    told()
    assert (sale.states("payout"), Dispute.objects.get().state) == (["paid"], "won")
    assert services.balances(sale.journal)[ledger.disputed_account(sale.journal)] == 0
    assert "won" in Task.objects.get(code="dispute", closed_at=None).detail
    services.refund(obligation=collect)
    sweeps.run_due()
    assert sale.states("refund") == ["paid"]


def test_what_is_lost_is_written_off_and_nothing_is_paid_out():
    sale = disputed()
    told()
    decided("losing")
    told()
    enabled(sale)
    assert (sale.states("payout"), all_of("transfers")) == (["defaulted"], [])
    books = services.balances(sale.journal)
    assert (books[ledger.disputed_account(sale.journal)], books[sale.journal.name]) == (0, 0)
    assert not Task.objects.filter(code="dispute_lost").exists()
    with pytest.raises(Refusal, match="not_refundable"):
        services.refund(obligation=Obligation.objects.get(kind="collect"))
    assert services.settled(sale.round_ref).settled


def test_a_seller_bears_only_the_part_that_was_lost(hurry):
    sale, honest = Sale(), payer()
    PayoutAccount.objects.filter(principal=sale.seller).update(state="restricted")
    one, other = sale.joined(1000, payer("pm_card_createDispute")), sale.joined(1000, honest)
    sale.cleared({one.reference: 700, other.reference: 500})
    sweeps.run_due()
    told()
    decided("losing")
    told()
    enabled(sale)
    assert [(each["amount"]) for each in all_of("transfers")] == [500]
    assert sale.states("payout") == ["paid"]
    assert set(services.balances(sale.journal).values()) == {0, -700, -500, 700, 500}


def test_what_was_paid_out_before_is_the_platforms_loss():
    sale = paid_out_and_disputed()
    assert sale.states("payout") == ["paid"]
    decided("losing")
    told()
    assert services.balances(sale.journal)[ledger.disputed_account(sale.journal)] == -700
    assert "7.00 EUR is the platform's loss" in Task.objects.get(code="dispute_lost").detail
    assert Dispute.objects.get().covered_at is not None


def paid_out_and_disputed() -> Sale:
    """The platform has other money too, so the seller is paid before the event comes."""
    other = Sale()
    other.cleared({other.joined(1000).reference: 900}, surplus=900)
    sweeps.run_due()
    sale = disputed("enabled")
    told()
    return sale


def test_a_dispute_that_no_event_told_of_is_found_by_the_comparison():
    sale = disputed()
    assert not Dispute.objects.exists()
    services.reconcile(journal=sale.journal)
    assert Dispute.objects.get().state == "open"
    decided("winning")
    reconciliation.Reconciliation.objects.update(due_at=LONG_AGO)
    reconciliation.sweep_books()
    assert Dispute.objects.get().state == "won"
    enabled(sale)
    assert sale.states("payout") == ["paid"]


def test_events_in_any_number_and_order_book_once():
    sale = disputed()
    decided("losing")
    for _ in range(3):
        told()
    assert Dispute.objects.count() == 1
    assert sale.journal.transfers.filter(credit__startswith="bank:").count() == 1
    assert sale.journal.transfers.filter(credit__startswith="disputed:").count() == 1


def test_an_inquiry_moves_and_freezes_nothing():
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    charge = Obligation.objects.get(kind="collect").stripe_id
    asked = {"id": "du_1", "charge": charge, "amount": 700, "currency": "eur", "reason": "general"}
    note_dispute({**asked, "status": "warning_needs_response"})
    note_dispute({**asked, "status": "warning_closed"})
    assert Dispute.objects.get().state == "inquiry"
    assert not sale.journal.transfers.filter(credit__startswith="bank:").exists()
    services.refund(obligation=Obligation.objects.get(kind="collect"))
    sweeps.run_due()
    assert sale.states("refund") == ["paid"]


def test_nothing_is_written_off_while_a_transfer_may_still_arrive():
    """The payout was asked for a moment ago; then its seller could not be paid any more."""
    sale = disputed()
    services.reconcile(journal=sale.journal)
    decided("losing")
    services.reconcile(journal=sale.journal)
    sweeps.run_due()
    assert (Dispute.objects.get().state, sale.states("payout")) == ("lost", ["held_for_seller"])
    Attempt.objects.update(last_at=LONG_AGO)
    sweeps.run_due()
    assert sale.states("payout") == ["defaulted"]
