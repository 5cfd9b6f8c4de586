"""Signed events reach their receiver, whoever fails in between."""

import pytest
import stripe
from receiver import SECRET, Receiver
from sandbox_process import SandboxProcess
from stories import Story


@pytest.fixture(scope="module")
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory, receiver):
    arguments = ("--webhook-url", receiver.url, "--webhook-secret", SECRET)
    sandbox = SandboxProcess(tmp_path_factory.mktemp("webhooks") / "sandbox.sqlite3", *arguments)
    yield sandbox
    sandbox.kill()


def test_events_arrive_signed(sandbox, receiver):
    story = Story(sandbox.client().v1)
    intent = story.pay(options={"idempotency_key": "the-key"})
    story.api.payment_intents.capture(intent.id)
    (event,) = receiver.wait_for("payment_intent.succeeded", {intent.id})
    assert (event.livemode, event.api_version, event.object) == (False, stripe.api_version, "event")
    assert event.data.object.status == "succeeded"
    (authorised,) = receiver.wait_for("payment_intent.amount_capturable_updated", {intent.id})
    assert (authorised.request.idempotency_key, authorised.data.object.status) == ("the-key", "requires_capture")
    assert story.api.events.retrieve(event.id).data.object.id == intent.id
    listed = story.api.events.list({"types": ["payment_intent.succeeded", "transfer.created"]})
    assert [found.id for found in listed.data] == [event.id]


def test_a_failing_receiver_is_tried_again(sandbox, receiver):
    receiver.failures = 2
    customer = sandbox.client().v1.customers.create({"name": "Ada"})
    (event,) = receiver.wait_for("customer.created", {customer.id})
    assert receiver.attempts[event.id] == 3
    receiver.failures = 0


def test_what_was_owed_at_a_kill_is_delivered_after_it(sandbox, receiver):
    receiver.failures = 10**9
    made = {sandbox.client().v1.customers.create({"name": str(number)}).id for number in range(5)}
    sandbox.kill()
    receiver.failures = 0
    sandbox.start()
    receiver.wait_for("customer.created", made)


def test_an_endpoint_made_by_the_api_gets_what_it_asked_for(sandbox):
    receiver = Receiver()
    api = sandbox.client().v1
    endpoint = api.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.updated"]})
    receiver.secret = endpoint.secret
    customer = api.customers.create({"name": "Ada"})
    api.customers.update(customer.id, {"name": "Countess"})
    receiver.wait_for("customer.updated", {customer.id})
    assert {event.type for event in receiver.taken} == {"customer.updated"}
    api.webhook_endpoints.delete(endpoint.id)
    assert endpoint.id not in [each.id for each in api.webhook_endpoints.list().data]
    receiver.close()
