"""kill -9 in the middle of the work: repeating every call under its key leaves each effect exactly once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from sandbox_process import SandboxProcess
from stories import Story

PAYMENTS = 40


@pytest.fixture
def sandbox(tmp_path):
    sandbox = SandboxProcess(tmp_path / "sandbox.sqlite3")
    yield sandbox
    sandbox.kill()


def settle(client: stripe.StripeClient, story: Story, card: str, seller: str, number: int) -> str:
    """Authorise, capture, hand on; each call under a key that the number gives."""
    terms = story.terms(payment_method=card, metadata={"number": str(number)})
    intent = client.v1.payment_intents.create(terms, {"idempotency_key": f"authorise-{number}"})
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 600}, {"idempotency_key": f"capture-{number}"})
    sending = {"amount": 500, "currency": "eur", "destination": seller}
    client.v1.transfers.create(sending, {"idempotency_key": f"send-{number}"})
    return intent.id


def test_kill_and_repeat(sandbox):
    story = Story(sandbox.client().v1)
    card, seller = story.card(), story.seller().id

    def attempt(number: int) -> str | None:
        if number == PAYMENTS // 3:
            sandbox.process.kill()
        try:
            return settle(sandbox.client(timeout=5), story, card, seller, number)
        except stripe.APIConnectionError:
            return None

    with ThreadPoolExecutor(4) as pool:
        first = list(pool.map(attempt, range(PAYMENTS)))
    assert None in first
    assert any(first)
    sandbox.kill()
    sandbox.start()
    client = sandbox.client()
    again = [settle(client, story, card, seller, number) for number in range(PAYMENTS)]
    assert all(before in (None, after) for before, after in zip(first, again, strict=True))

    story = Story(client.v1)
    intents = list(client.v1.payment_intents.list({"limit": 100}).auto_paging_iter())
    assert sorted(intent.id for intent in intents) == sorted(again)
    assert {(intent.status, intent.amount_received) for intent in intents} == {("succeeded", 600)}
    assert story.available() == PAYMENTS * 100
    assert len(list(client.v1.transfers.list({"limit": 100}).auto_paging_iter())) == PAYMENTS
    theirs = client.v1.balance.retrieve({}, {"stripe_account": seller}).available
    assert [part.amount for part in theirs] == [PAYMENTS * 500]
