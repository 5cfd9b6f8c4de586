"""Webhooks: only what Stripe signed is stored, once, and it only makes us look."""

import json
import time

import pytest
import stripe
from django.conf import settings
from django.test import RequestFactory

from marketplace.core import sweeps
from marketplace.settlement import calls, gateway
from marketplace.settlement.models import PayoutAccount, WebhookEvent
from marketplace.settlement.webhooks import stripe_webhook
from tests.settlement.stories import Sale, payee, payer

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
    body = event()
    yield "no signature", body, ""
    yield "no hash", body, f"t={int(time.time())}"
    yield "nonsense", body, "t=x,v1=é"
    yield "another secret", body, signature(body, "whsec_other")
    yield "another body", body.replace("pi_x", "pi_y"), signature(body)
    yield "one more space", body + " ", signature(body)
    yield "an old one", body, signature(body, at=int(time.time()) - 301)
    yield "not UTF-8", b"\xff", "t=1,v1=00"
    yield "the header twice", body, f"t=1,v1=00,{signature(body)}"


@pytest.mark.parametrize("case", [0, 1, 2, 3, 4, 5, 6, 7, 8])
def test_forgeries_change_nothing(case):
    name, body, header = list(forged())[case]
    answer = post(body, header)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), name
    assert json.loads(answer.content)["code"] == "webhook_signature_invalid"
    assert not WebhookEvent.objects.exists()


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
    post(event("account.updated", account.stripe_account))
    sweeps.run_due()
    account.refresh_from_db()
    assert account.state == "restricted"
