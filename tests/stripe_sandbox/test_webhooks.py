"""Signed events reach their receiver, whoever fails in between."""

import pytest
import stripe
from receiver import SECRET, Receiver
from sandbox_process import SandboxProcess
from stories import Story


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def sandbox(tmp_path, receiver):
    arguments = ("--webhook-url", receiver.url, "--webhook-secret", SECRET)
    sandbox = SandboxProcess(tmp_path / "sandbox.sqlite3", *arguments)
    yield sandbox
    sandbox.kill()


def test_events_arrive_signed(sandbox, receiver):
    story = Story(sandbox.client().v1)
    intent = story.pay(options={"idempotency_key": "the-key"})
    story.api.payment_intents.capture(intent.id)
    (event,) = receiver.wait_for("payment_intent.succeeded")
    assert (event.livemode, event.api_version, event.object) == (False, stripe.api_version, "event")
    assert (event.data.object.id, event.data.object.status) == (intent.id, "succeeded")
    (authorised,) = receiver.wait_for("payment_intent.amount_capturable_updated")
    assert (authorised.request.idempotency_key, authorised.data.object.status) == ("the-key", "requires_capture")
    assert story.api.events.retrieve(event.id).data.object.id == intent.id
    listed = story.api.events.list({"types": ["payment_intent.succeeded", "transfer.created"]})
    assert [found.id for found in listed.data] == [event.id]


def test_a_failing_receiver_is_tried_again(sandbox, receiver):
    receiver.failures = 2
    customer = sandbox.client().v1.customers.create({"name": "Ada"})
    (event,) = receiver.wait_for("customer.created")
    assert event.data.object.id == customer.id
    assert receiver.attempts == 3


def test_what_was_owed_at_a_kill_is_delivered_after_it(sandbox, receiver):
    receiver.failures = 10**9
    made = {sandbox.client().v1.customers.create({"name": str(number)}).id for number in range(5)}
    sandbox.kill()
    receiver.failures = 0
    sandbox.start()
    assert {event.data.object.id for event in receiver.wait_for("customer.created", 5)} == made


def test_an_endpoint_made_by_the_api_gets_what_it_asked_for(sandbox):
    receiver = Receiver()
    api = sandbox.client().v1
    endpoint = api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.updated"]})
    assert endpoint.secret.startswith("whsec_")
    receiver.receive = lambda body, signature: _take(receiver, body, signature, endpoint.secret)
    customer = api.customers.create({"name": "Ada"})
    api.customers.update(customer.id, {"name": "Countess"})
    receiver.wait_for("customer.updated")
    assert [event.type for event in receiver.taken] == ["customer.updated"]
    api.webhook_endpoints.delete(endpoint.id)
    assert endpoint.id not in [each.id for each in api.webhook_endpoints.list().data]
    receiver.close()


def _take(receiver: Receiver, body: bytes, signature: str, secret: str) -> int:
    with receiver.arrived:
        receiver.taken.append(stripe.Webhook.construct_event(body, signature, secret))
        receiver.arrived.notify_all()
    return 200
