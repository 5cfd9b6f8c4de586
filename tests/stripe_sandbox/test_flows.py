"""One suite of flows: through both doors of the sandbox and, where STRIPE_TEST_KEY is given, at Stripe itself."""

import os

import pytest
import stripe
from stories import Story, fresh_key

SELLER = {"type": "custom", "country": "US", "capabilities": {"transfers": {"requested": True}}}


@pytest.fixture
def at_stripe():
    """Stripe's own test mode."""
    key = os.environ.get("STRIPE_TEST_KEY", "")
    if not key:
        pytest.skip("STRIPE_TEST_KEY is not set: not run against Stripe")
    if not key.startswith(("sk_test_", "rk_test_")):
        pytest.fail("STRIPE_TEST_KEY must be a test key")
    return lambda: stripe.StripeClient(key, max_network_retries=2)


@pytest.fixture(params=["in_process", "over_http", "at_stripe"])
def flow(request) -> Story:
    return Story(request.getfixturevalue(request.param)().v1)


def usd(**more):
    return {"currency": "usd", "transfer_group": f"market:{fresh_key()}", **more}


def test_a_hold_is_captured_in_part_and_refunded_in_part(flow):
    intent = flow.pay(amount=2000, **usd())
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 2000)
    taken = flow.api.payment_intents.capture(intent.id, {"amount_to_capture": 1500})
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 1500, 0)
    back = flow.api.refunds.create({"charge": taken.latest_charge, "amount": 400})
    charge = flow.api.charges.retrieve(taken.latest_charge)
    assert (back.amount, charge.amount_captured) == (400, 1500)
    assert charge.amount_refunded - (charge.amount - charge.amount_captured) == 400


def test_a_hold_is_let_go(flow):
    intent = flow.pay(amount=2000, **usd())
    assert flow.api.payment_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        flow.api.payment_intents.capture(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"


def test_a_capture_happens_once_whatever_the_keys(flow):
    intent = flow.pay(amount=2000, **usd())
    flow.api.payment_intents.capture(intent.id, {"amount_to_capture": 700}, {"idempotency_key": fresh_key()})
    with pytest.raises(stripe.InvalidRequestError):
        flow.api.payment_intents.capture(intent.id, {"amount_to_capture": 700}, {"idempotency_key": fresh_key()})
    assert flow.api.payment_intents.retrieve(intent.id).amount_received == 700


def test_the_same_key_makes_one_payment(flow):
    options, terms = {"idempotency_key": fresh_key()}, {"payment_method": flow.card(), **flow.terms(**usd())}
    made = {flow.api.payment_intents.create(terms, options).id for _ in range(2)}
    assert len(made) == 1
    listed = flow.api.payment_intents.list({"customer": flow.customer.id})
    assert [each.id for each in listed.data] == list(made)


def test_lists_are_consistent_where_we_look(flow):
    group = f"market:{fresh_key()}"
    intent = flow.pay(amount=900, currency="usd", transfer_group=group, metadata={"authorisation": "aut_x"})
    (charge,) = flow.api.charges.list({"transfer_group": group}).data
    assert (charge.payment_intent, charge.metadata["authorisation"]) == (intent.id, "aut_x")


def test_a_card_that_declines_when_it_is_charged(flow):
    card = flow.card("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError) as caught:
        flow.api.payment_intents.create({"payment_method": card, **flow.terms(**usd())})
    assert caught.value.error.payment_intent.status == "requires_payment_method"
    (intent,) = flow.api.payment_intents.list({"customer": flow.customer.id}).data
    assert intent.last_payment_error.code == "card_declined"


def test_a_card_is_saved_for_later(flow):
    terms = {"customer": flow.customer.id, "payment_method": "pm_card_visa", "confirm": True}
    saved = flow.api.setup_intents.create(
        {**terms, "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )
    assert saved.status == "succeeded"
    later = flow.api.payment_intents.create({"payment_method": saved.payment_method, **flow.terms(**usd())})
    assert later.status == "requires_capture"


def test_who_is_away_cannot_be_asked(flow):
    with pytest.raises(stripe.CardError) as caught:
        flow.api.payment_intents.create(
            {"payment_method": flow.card("pm_card_authenticationRequired"), **flow.terms(**usd())}
        )
    assert caught.value.code == "authentication_required"
