"""Stories of whole sales: holds, captures, releases, payouts, and the books after them."""

import pytest
from django.db import transaction

from marketplace.core import sweeps
from marketplace.settlement import calls, ledger, services
from marketplace.settlement.models import Authorisation, PayoutAccount, Task
from tests.onboarding import onboard
from tests.settlement.factories import PrincipalFactory
from tests.settlement.stories import Sale, all_of, intent, payer

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def test_a_sale_with_one_winner_and_two_losers():
    sale = Sale()
    winner, loser, other = (sale.joined(limit) for limit in (5000, 4000, 3000))
    assert {row.state for row in (winner, loser, other)} == {"authorised"}
    sale.cleared({winner.reference: 4000})
    assert services.unsettled_count(sale.journal) == 5  # a collect, a payout, three holds
    assert not services.settled(sale.round_ref).settled
    sweeps.run_due()
    summary = services.settled(sale.round_ref)
    assert summary.settled
    assert (summary.obligations, summary.authorisations) == ({"paid": 2}, {"captured": 1, "released": 2})
    assert services.unsettled_count(sale.journal) == 0
    assert (intent(winner)["status"], intent(winner)["amount_received"]) == ("succeeded", 4000)
    assert {intent(row)["status"] for row in (loser, other)} == {"canceled"}
    (moved,) = all_of("transfers")
    assert (moved["amount"], moved["transfer_group"]) == (4000, sale.journal.name)
    assert moved["destination"] == PayoutAccount.objects.get(principal=sale.seller).stripe_account
    assert services.balances(sale.journal) == {
        sale.journal.name: 0,
        f"payee:{sale.seller.ref}": 4000,
        f"payer:{winner.reference}": -4000,
    }


def test_surplus_and_residue_are_booked_when_all_is_collected():
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 901}, payout=800, surplus=100)
    assert services.balances(sale.journal) == {}
    sweeps.run_due()
    books = services.balances(sale.journal)
    assert books[ledger.surplus_account(sale.journal)] == 100
    assert books[ledger.ROUNDING] == 1
    assert books[sale.journal.name] == 0


def test_nothing_is_sold():
    sale = Sale()
    rows = [sale.joined(1000), sale.joined(0, PrincipalFactory())]
    sale.cleared({})
    sweeps.run_due()
    assert services.unsettled_count(sale.journal) == 0
    assert intent(rows[0])["status"] == "canceled"
    assert services.balances(sale.journal) == {}


def test_a_cancelled_market_lets_go_of_all_holds():
    sale = Sale()
    made, waiting, nothing = sale.joined(1000), sale.reserved(900), sale.reserved(0, PrincipalFactory())
    assert services.release_all(journal=sale.journal) == 3
    sweeps.run_due()
    for row in (made, waiting, nothing):
        row.refresh_from_db()
        assert row.state == "released"
    assert intent(made)["status"] == "canceled"
    assert waiting.payment_intent == ""


def test_a_winner_that_pays_nothing_is_let_go():
    sale = Sale()
    free, paying = sale.joined(500), sale.joined(500)
    sale.cleared({free.reference: 0, paying.reference: 200})
    sweeps.run_due()
    assert (intent(free)["status"], intent(paying)["status"]) == ("canceled", "succeeded")


def test_money_waits_for_a_seller_without_an_account():
    sale = Sale(seller=PrincipalFactory())
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    assert sale.states("payout") == ["held_for_seller"]
    assert services.balances(sale.journal)[sale.journal.name] == 700
    onboard(sale.seller)
    sweeps.run_due()
    assert sale.states("payout") == ["paid"]
    assert services.balances(sale.journal)[sale.journal.name] == 0


def test_a_default_undoes_the_round_and_leaves_nothing_hanging():
    sale = Sale()
    gone, good = sale.joined(1000), sale.joined(1000)
    sale.cleared({gone.reference: 600, good.reference: 600}, surplus=100)
    calls.cancel(intent=gone.payment_intent, key="by hand")  # the hold vanishes at Stripe before the capture
    sweeps.run_due()
    assert sorted(sale.states("collect")) == ["defaulted", "refunded"]
    assert (sale.states("payout"), sale.states("refund")) == (["defaulted"], ["paid"])
    assert services.settled(sale.round_ref).settled
    assert services.unsettled_count(sale.journal) == 0
    assert all_of("transfers") == []
    assert [back["amount"] for back in all_of("refunds")] == [600]
    assert set(services.balances(sale.journal).values()) == {0}
    gone.refresh_from_db()
    assert gone.state == "released"
    assert Task.objects.filter(code="payer_defaulted", closed_at=None).count() == 1


def test_a_hold_that_is_gone_before_the_close_is_a_default_and_no_failure():
    sale = Sale()
    gone, good = sale.joined(1000), sale.joined(1000)
    Authorisation.objects.filter(pk=gone.pk).update(state="released")  # as the event of its expiry leaves it
    for hold in ledger.open_holds(sale.journal, gone.reference):
        with transaction.atomic():
            ledger.void_hold(ledger.lock(sale.journal.pk), hold)
    calls.cancel(intent=gone.payment_intent, key="by hand")
    sale.cleared({gone.reference: 600, good.reference: 600})
    sweeps.run_due()
    assert sorted(sale.states("collect")) == ["defaulted", "refunded"]
    assert services.settled(sale.round_ref).settled


def test_who_alone_defaults_leaves_a_round_without_payments():
    sale = Sale()
    gone = sale.joined(1000)
    Authorisation.objects.filter(pk=gone.pk).update(state="released")
    for hold in ledger.open_holds(sale.journal, gone.reference):
        with transaction.atomic():
            ledger.void_hold(ledger.lock(sale.journal.pk), hold)
    calls.cancel(intent=gone.payment_intent, key="by hand")
    sale.cleared({gone.reference: 600})
    assert services.settled(sale.round_ref).obligations == {"defaulted": 2}
    assert services.settled(sale.round_ref).settled


def test_one_obligation_can_be_advanced_alone():
    sale = Sale()
    first, second = sale.joined(1000), sale.joined(1000)
    made = sale.cleared({first.reference: 600, second.reference: 600})
    assert services.advance_obligation(made[0].pk).state == "paid"
    assert services.advance_obligation(made[0].pk).state == "paid"
    assert sale.states("collect") == ["paid", "pending"]
    assert services.advance_obligation(made[2].pk).state == "pending"  # not all is collected
    services.advance_obligation(made[1].pk)
    assert services.advance_obligation(made[2].pk).state == "paid"
    assert len(all_of("transfers")) == 1


def test_many_of_one_round():
    sale, buyer = Sale(), payer()
    rows = [sale.joined(500, buyer) for _ in range(30)]
    sale.cleared({row.reference: 289 for row in rows[:12]})
    sweeps.run_due()
    summary = services.settled(sale.round_ref)
    assert (summary.obligations, summary.authorisations) == ({"paid": 13}, {"captured": 12, "released": 18})


@pytest.mark.parametrize("charge", [1001, 500])
def test_nobody_is_charged_beyond_its_hold(charge):
    sale = Sale()
    reference = sale.joined(1000).reference if charge > 1000 else "prt_unknown"
    with pytest.raises(ValueError, match="which no hold covers"):
        sale.cleared({reference: charge})
    assert sale.states("collect") == []


def test_what_is_given_out_is_what_is_collected():
    sale = Sale()
    winner = sale.joined(1000)
    with pytest.raises(ValueError, match="not what is given out"):
        services.record_obligations(
            journal=sale.journal,
            round_ref="rnd_x",
            collects={winner.reference: 500},
            payouts={"prt_s": 501},
            principals={"prt_s": sale.seller.pk},
            surplus_minor=0,
            residue_minor=0,
        )
