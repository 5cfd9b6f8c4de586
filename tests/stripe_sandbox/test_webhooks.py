"""Signed events reach their receiver, whoever fails in between."""

import json

import pytest
import stripe
from receiver import SECRET, Receiver
from sandbox_process import SandboxProcess
from stories import Story

from marketplace.stripe_sandbox import chaos
from marketplace.stripe_sandbox.objects.event import Delivery, Event
from marketplace.stripe_sandbox.router import ALIAS


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


def owed_after(fault, connect, count=6):
    """How many seconds after its event each delivery is owed, one list an event, while chaos meets all of them."""
    client = connect()
    endpoint = client.v1.webhook_endpoints.create(
        {"url": "http://127.0.0.1:9/", "enabled_events": ["customer.created"]}
    )
    chaos.script([{"match": "^EVENT customer", "fault": fault, "times": -1, "seconds": 100}] if fault else [])
    made = [client.v1.customers.create({"name": str(number)}) for number in range(count)]
    chaos.script([])
    owed = []
    for customer in made:
        event = Event.objects.get(type="customer.created", subject__contains=customer.id)
        rows = Delivery.objects.filter(event=event.id, endpoint=endpoint.id).order_by("pk")
        owed.append([row.next_at - event.created for row in rows])
    client.v1.webhook_endpoints.delete(endpoint.id)
    return owed


@pytest.mark.django_db(transaction=True, databases=[ALIAS])
def test_webhooks_are_late_twice_out_of_order_or_missing_by_script(in_process):
    assert all(len(each) == 1 and 0 <= each[0] < 50 for each in owed_after("", in_process))
    assert all(len(each) == 1 and each[0] >= 100 for each in owed_after("late", in_process))
    assert all(
        len(each) == 2 and each[1] - each[0] == pytest.approx(100) for each in owed_after("duplicate", in_process)
    )
    assert owed_after("missing", in_process) == [[]] * 6
    spread = [each for (each,) in owed_after("reorder", in_process, count=20)]
    assert spread != sorted(spread)
    assert all(0 <= each < 150 for each in spread)


def test_a_late_event_is_overtaken_and_a_missing_one_never_comes(sandbox, receiver):
    client = sandbox.client()
    rules = [
        {"match": "^EVENT customer.created", "fault": "late", "seconds": 1.0},
        {"match": "^EVENT customer.updated", "fault": "missing"},
    ]
    client.raw_request("post", "/sandbox/chaos", script=json.dumps(rules))
    customer = client.v1.customers.create({"name": "Ada"})
    client.v1.customers.update(customer.id, {"name": "Countess"})
    client.v1.customers.delete(customer.id)
    receiver.wait_for("customer.created", {customer.id})
    about = [event.type for event in receiver.taken if event.data.object["id"] == customer.id]
    assert about == ["customer.deleted", "customer.created"]
