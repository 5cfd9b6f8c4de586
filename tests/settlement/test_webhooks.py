"""Webhooks: only what Stripe signed is stored, once, and it only makes us look."""

import itertools
import json
import random
import time

import pytest
import stripe
from django.conf import settings
from django.test import RequestFactory

from marketplace.core import sweeps
from marketplace.settlement import calls, gateway, services
from marketplace.settlement.models import Authorisation, Obligation, PayoutAccount, Task, WebhookEvent
from marketplace.settlement.verification import verify_all
from marketplace.settlement.webhooks import stripe_webhook
from marketplace.stripe_sandbox.objects.event import Event
from tests.settlement.stories import Sale, payee, payer
from tests.settlement.world import post_event

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def event(kind="payment_intent.created", about="pi_x", **changes):
    body = {"id": "evt_1", "object": "event", "type": kind, "livemode": False, "data": {"object": {"id": about}}}
    return json.dumps({**body, **changes})


def signature(body, secret=None, at=None):
    return stripe.WebhookSignature.generate_signature_header(body, secret or settings.STRIPE_WEBHOOK_SECRET, at)


def post(body, header=None):
    headers = {"stripe-signature": signature(body) if header is None else header}
    raw = body.encode() if isinstance(body, str) else body
    request = RequestFactory().post("/webhooks/stripe/", raw, content_type="application/json", headers=headers)
    return stripe_webhook(request)


def test_a_signed_event_is_stored_once_and_answered_alike():
    answers = [post(event()) for _ in range(3)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b'{"received": true}')}
    row = WebhookEvent.objects.get()
    assert (row.event_id, row.kind, row.object_id) == ("evt_1", "payment_intent.created", "pi_x")
    assert row.body == event()


def forged():
    """Forty headers and bodies that Stripe never sent together."""
    body, now = event(), int(time.time())
    good = signature(body)
    mac = good.rpartition("=")[2]
    ours = settings.STRIPE_WEBHOOK_SECRET
    for secret in ("x", "whsec_other", "whsec_", ours.upper(), ours + " "):
        yield body, signature(body, secret)
    for second in (now - 301, now - 86_400, 0, 1, now + 310, now + 86_400, 2**31, 2**63):
        yield body, signature(body, at=second)
    for about in ("pi_y", "pi_x ", "", "PI_X"):
        yield body.replace("pi_x", about), good
    for changed in (body + " ", " " + body, body[:-1], body.upper(), body.replace(" ", ""), "", body + body):
        yield changed, good
    for header in ("", " ", ",", "t", "t=", "v1=", f"t={now}", f"v1={mac}", f"t=x,v1={mac}", f"t={now},v0={mac}"):
        yield body, header
    for header in (f"t={now},v1={mac[:-1]}", f"t={now},v1={mac}0", f"t={now + 1},v1={mac}", f"t=1,v1=00,{good}"):
        yield body, header
    yield b"\xff", "t=1,v1=00"
    yield body, f"t={now},v1={'é' * 64}"


def test_forgeries_change_nothing():
    cases = list(forged())
    assert len(cases) >= 40
    for place, (body, header) in enumerate(cases):
        answer = post(body, header)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), place
        assert json.loads(answer.content)["code"] == "webhook_signature_invalid", place
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize(("seconds", "status"), [(-299, 200), (-302, 400), (290, 200), (310, 400)])
def test_the_window_has_two_edges(seconds, status):
    assert post(event(), signature(event(), at=int(time.time()) + seconds)).status_code == status


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (event(livemode=True), 400, "webhook_livemode"),
        (event(livemode=None), 400, "webhook_livemode"),
        (event(id=None), 400, "webhook_malformed"),
        (event(data={"object": []}), 400, "webhook_malformed"),
        (event(data=1), 400, "webhook_malformed"),
        ("[]", 400, "not_an_object"),
        ("{", 400, "not_json"),
        (event(more="x" * 70_000), 413, "body_too_large"),
    ],
)
def test_what_is_signed_and_still_refused(body, status, code):
    answer = post(body)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code)
    assert not WebhookEvent.objects.exists()


def test_only_post():
    assert stripe_webhook(RequestFactory().get("/webhooks/stripe/")).status_code == 405


@pytest.mark.parametrize("account", ["acct_another", "", 7, ["acct_x"]])
def test_events_of_other_accounts_make_nobody_look(account, loses_replies):
    """Signed they are, but a connected account's payments are no business of ours, and each speaks for itself only."""
    http = loses_replies("/nothing")
    row, seller = Sale().joined(1000), PayoutAccount.objects.get()
    calls_before = len(http.calls)
    post(event("payment_intent.canceled", row.payment_intent, account=account))
    post(event("account.updated", seller.stripe_account, id="evt_2", account=account))
    post(event("charge.dispute.created", "du_x", id="evt_3", account=account))
    sweeps.run_due()
    assert not WebhookEvent.objects.filter(handled_at=None).exists()
    assert len(http.calls) == calls_before


@pytest.mark.parametrize(("amount", "currency"), [(999, "eur"), (1000, "usd")])
def test_a_payment_of_another_amount_is_not_taken_for_ours(amount, currency, never_arrives):
    """It names our hold and an event tells of it; what it holds is not what we asked for."""
    sale, buyer = Sale(), payer()
    never_arrives("/payment_intents")
    row = sale.joined(1000, buyer)
    terms = {"amount": amount, "currency": currency, "customer": row.payment_method.stripe_customer, "confirm": True}
    terms |= {"payment_method": row.payment_method.stripe_payment_method, "capture_method": "manual"}
    terms |= {"metadata": {"authorisation": row.ref, "attempt": "1"}, "off_session": True}
    made = gateway.call(lambda client: client.v1.payment_intents.create(terms)).object
    post(event("payment_intent.amount_capturable_updated", made["id"]))
    sweeps.run_due()
    row.refresh_from_db()
    assert (row.state, row.payment_intent) == ("unknown", "")
    assert made["id"] in Task.objects.get(code="another_amount", subject=row.ref).detail
    assert not sale.journal.transfers.exists()
    gateway.call(lambda client: client.v1.payment_intents.cancel(made["id"]))


def test_an_object_in_live_mode_is_no_answer(monkeypatch):
    """The event is in test mode; what is fetched for it says that it is not."""
    row = Sale().joined(1000)
    honest = calls.call
    monkeypatch.setattr(calls, "call", lambda act: honest(lambda client: _live(act(client))))
    post(event("payment_intent.canceled", row.payment_intent))
    sweeps.run_due()
    assert WebhookEvent.objects.get().tries >= 1  # more where the machine is so slow that it is due again
    row.refresh_from_db()
    assert row.state == "authorised"


def _live(made):
    made["livemode"] = True
    return made


def test_an_event_of_what_is_not_ours_is_handled():
    post(event())
    post(event("charge.refunded", "ch_x", id="evt_2"))
    post(event("account.updated", "acct_x", id="evt_3"))
    sweeps.run_due()
    assert not WebhookEvent.objects.filter(handled_at=None).exists()


def test_a_hold_whose_reply_was_lost_is_found_by_its_event(loses_replies):
    sale, buyer = Sale(), payer()
    http = loses_replies("/payment_intents")
    row = sale.joined(1000, buyer)
    assert row.state == "unknown"
    intents = gateway.call(lambda client: client.v1.payment_intents.list()).object["data"]
    post(event("payment_intent.amount_capturable_updated", intents[0]["id"]))
    calls = len(http.calls)
    sweeps.run_due()
    row.refresh_from_db()
    assert (row.state, row.payment_intent) == ("authorised", intents[0]["id"])
    assert [method.upper() for method, *_ in http.calls[calls:]] == ["GET"]
    assert sale.journal.transfers.count() == 1


def test_a_hold_that_stripe_lets_expire_is_let_go_here():
    sale = Sale()
    row = sale.joined(1000)
    calls.cancel(intent=row.payment_intent, key="by hand")
    for number in range(3):
        post(event("payment_intent.canceled", row.payment_intent, id=f"evt_{number}"))
    sweeps.run_due()
    row.refresh_from_db()
    assert row.state == "released"
    assert [entry.kind for entry in sale.journal.transfers.order_by("seq")] == ["pending", "void_pending"]


def test_an_event_is_a_hint_and_not_the_truth():
    """A (signed) event says that the hold is gone; the payment itself says that it stands."""
    row = Sale().joined(1000)
    post(event("payment_intent.canceled", row.payment_intent))
    sweeps.run_due()
    row.refresh_from_db()
    assert row.state == "authorised"


def test_an_account_that_changes_is_fetched():
    account = PayoutAccount.objects.get(principal=payee())
    params = {"capabilities": {"transfers": {"requested": False}}}
    gateway.call(lambda client: client.v1.accounts.update(account.stripe_account, params))
    post(event("account.updated", account.stripe_account, account=account.stripe_account))
    sweeps.run_due()
    account.refresh_from_db()
    assert account.state == "restricted"


def six_events():
    """A sale's life as Stripe tells it: of the winner its hold and capture, of the loser its hold and release."""
    sale = Sale()
    winner, _ = sale.joined(1000), sale.joined(900)
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    wanted = ("payment_intent.amount_capturable_updated", "payment_intent.succeeded", "payment_intent.canceled")
    rows = Event.objects.filter(type__in=(*wanted, "transfer.created", "charge.captured")).order_by("pk")
    told = list(rows)
    assert len(told) == 6
    return sale, told


def state_of(sale):
    """All that an event could change."""
    rows = [Authorisation.objects.order_by("pk").values_list("state", "captured_minor", "payment_intent")]
    rows += [Obligation.objects.order_by("pk").values_list("state", "amount_minor", "stripe_id")]
    rows += [sale.journal.transfers.order_by("seq").values_list("kind", "amount_minor", "hash")]
    return [list(each) for each in rows]


def check_orders(orders, seed):
    """Each order of the six, with duplicates, comes to what stands already."""
    dice, (sale, told) = random.Random(seed), six_events()
    expected = state_of(sale)
    for order in orders:
        WebhookEvent.objects.all().delete()
        for place in [*order, *dice.sample(order, dice.randint(1, 6))]:
            assert post_event(told[place]) == 200
        sweeps.run_due()
        assert WebhookEvent.objects.filter(handled_at=None).count() == 0
        assert state_of(sale) == expected, (seed, order)


def test_a_sample_of_orders_converges():
    check_orders(random.Random(5).sample(list(itertools.permutations(range(6))), 24), seed=5)


@pytest.mark.prove
def test_every_order_of_six_webhooks_converges():
    check_orders(list(itertools.permutations(range(6))), seed=6)


@pytest.mark.parametrize("first", ["hold", "capture"])
def test_events_overtake_the_reply(first, loses_replies):
    """The reply is lost and the event is all we hear; before its time, after it, or twice."""
    sale, buyer = Sale(), payer()
    if first == "hold":
        loses_replies("/payment_intents")
        row = sale.joined(1000, buyer)
    else:
        row = sale.joined(1000, buyer)
        sale.cleared({row.reference: 700})
        loses_replies("/capture")
        sweeps.run_due()
    for each in reversed([*Event.objects.order_by("pk")] * 2):
        post_event(each)
    sweeps.run_due()
    row.refresh_from_db()
    assert row.state == ("authorised" if first == "hold" else "captured")


def test_a_dispute_is_a_task(hurry):
    sale, buyer = Sale(), payer("pm_card_createDispute")
    winner = sale.joined(1000, buyer)
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    (told,) = Event.objects.filter(type="charge.dispute.created")
    post_event(told)
    sweeps.run_due()
    task = Task.objects.get(code="dispute", closed_at=None)
    assert task.subject == Obligation.objects.get(kind="collect").ref
    assert "needs_response" in task.detail


@pytest.mark.spoils_books
def test_what_somebody_refunded_at_stripe_becomes_a_task():
    sale = Sale()
    winner = sale.joined(1000)
    sale.cleared({winner.reference: 700})
    sweeps.run_due()
    charge = Obligation.objects.get(kind="collect").stripe_id
    back = gateway.call(lambda client: client.v1.refunds.create({"charge": charge, "amount": 100})).object
    services.reconcile(journal=sale.journal)
    assert Task.objects.filter(code="books_taken_differs", closed_at=None, subject=winner.ref).exists()
    assert back["amount"] == 100
    assert any("taken differs" in text for _, faults in verify_all() for text in faults)
