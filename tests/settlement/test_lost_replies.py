"""A lost reply is neither success nor failure: the same key again, and nothing happens twice."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connections

from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.settlement import collects, services, work
from marketplace.settlement.collects import CAPTURE
from tests.settlement.factories import PrincipalFactory
from tests.settlement.stories import Sale, all_of, intent, payer

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def keys(http, word):
    return [key for method, url, key in http.calls if method.upper() == "POST" and word in url]


def test_a_hold_whose_reply_is_lost_is_made_once(loses_replies, hurry):
    sale, buyer = Sale(), payer()
    http = loses_replies("/payment_intents", times=3)
    row = sale.joined(1000, buyer)
    assert (row.state, row.payment_intent, row.tries) == ("unknown", "", 1)
    assert services.unsettled_count(sale.journal) == 1
    hurry()
    sweeps.run_due()
    row.refresh_from_db()
    assert row.state == "authorised"
    assert len(keys(http, "/payment_intents")) == 1  # the repeat looked first, and found it
    assert len(all_of("payment_intents")) == 1


def test_a_hold_that_is_unknown_when_the_market_closes_is_let_go_later(loses_replies, hurry):
    sale, buyer = Sale(), payer()
    loses_replies("/payment_intents")
    row = sale.joined(1000, buyer)
    sale.cleared({})
    sweeps.run_due()
    assert services.unsettled_count(sale.journal) == 1
    hurry()
    sweeps.run_due()
    row.refresh_from_db()
    assert (row.state, intent(row)["status"]) == ("released", "canceled")


@pytest.mark.parametrize(
    ("word", "objects"), [("/capture", "payment_intents"), ("/transfers", "transfers"), ("/cancel", "payment_intents")]
)
def test_each_call_of_a_settlement_may_lose_its_reply(word, objects, loses_replies, hurry):
    sale = Sale()
    winner, loser = sale.joined(1000), sale.joined(1000)
    sale.cleared({winner.reference: 700})
    http = loses_replies(word)
    sweeps.run_due()
    hurry()
    sweeps.run_due()
    assert services.settled(sale.round_ref).settled
    assert len(keys(http, word)) == 1  # the repeat looked first, and found it done
    assert intent(winner)["amount_received"] == 700
    assert intent(loser)["status"] == "canceled"
    assert [moved["amount"] for moved in all_of("transfers")] == [700]
    assert len(all_of(objects)) == {"payment_intents": 2, "transfers": 1}[objects]


def test_a_worker_that_dies_after_the_capture(monkeypatch, hurry):
    """The lease passes on: another worker repeats under the same key and only then writes it down."""
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    with monkeypatch.context() as dying:
        dying.setattr("marketplace.settlement.attempts.note", None)
        with pytest.raises(TypeError):
            sweeps.run_due()
    assert sale.states("collect") == ["unknown"]
    assert intent(winner)["status"] == "succeeded"
    assert sweeps.run_due() == 0
    hurry()
    sweeps.run_due()
    assert services.settled(sale.round_ref).settled
    assert services.balances(sale.journal)[f"payer:{winner.reference}"] == -700


def test_two_workers_with_the_same_row_write_it_down_once():
    """The first one's lease ran out while it was slow: both have called, both have an answer."""
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    turns = work.take(CAPTURE, CAPTURE.rows())
    for _ in range(2):
        work.carry_out(CAPTURE, turns)
    kinds = [row.kind for row in sale.journal.transfers.order_by("seq")]
    assert kinds == ["pending", "post_pending", "void_pending"]
    assert intent(winner)["amount_received"] == 700


def test_workers_side_by_side_share_the_rows():
    sale, buyer = Sale(), payer()
    rows = [sale.joined(500, buyer) for _ in range(12)]
    sale.cleared({row.reference: 289 for row in rows})

    def sweep():
        try:
            return collects.sweep_collects()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as workers:
        done = [job.result() for job in [workers.submit(sweep) for _ in range(3)]]
    assert sum(done) == 12
    sweeps.run_due()
    assert services.settled(sale.round_ref).obligations == {"paid": 13}


@pytest.mark.parametrize("word", ["/customers", "/attach"])
def test_a_card_whose_reply_is_lost_is_added_by_the_repeat(word, loses_replies):
    principal = PrincipalFactory()
    loses_replies(word)
    with pytest.raises(Refusal) as refused:
        services.add_payment_method(principal=principal, token="pm_card_visa")
    assert (refused.value.status, refused.value.code) == (503, "payment_gateway_unavailable")
    assert services.add_payment_method(principal=principal, token="pm_card_visa").state == "active"
    assert len(all_of("customers")) == 1


def test_an_account_whose_reply_is_lost_is_made_once(loses_replies):
    principal = PrincipalFactory()
    loses_replies("/accounts")
    with pytest.raises(Refusal):
        services.add_payout_account(principal=principal)
    assert services.add_payout_account(principal=principal).state == "pending"
    assert len(all_of("accounts")) == 1


def test_a_page_does_not_say_paid_before_stripe_does(client, loses_replies):
    person = payer()
    person.user = User.objects.create_user("ada", "ada@example.org", "x")
    person.save()
    client.force_login(person.user)
    loses_replies("/payment_intents")
    form = {"amount": "12.50", "currency": "EUR", "once": str(uuid.uuid4())}
    shown = client.post("/me/top-up/", form, follow=True).content.decode()
    assert "Your card is being charged." in shown
    assert "It is on your balance." not in shown
