"""Payments from authorisation to refund, through the real SDK and both doors."""

import pytest
import stripe
from stories import CARDS_ONLY


def test_an_authorised_payment_is_captured_in_part_and_the_rest_released(story):
    before = story.available()
    intent = story.pay(transfer_group="market-1", metadata={"obligation": "5"}, expand=["latest_charge"])
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 1000, 0)
    assert (intent.latest_charge.captured, intent.latest_charge.transfer_group) == (False, "market-1")
    assert story.available() == before
    intent = story.api.payment_intents.capture(intent.id, {"amount_to_capture": 640, "expand": ["latest_charge"]})
    charge = intent.latest_charge
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("succeeded", 0, 640)
    assert (charge.captured, charge.amount, charge.amount_captured, charge.amount_refunded) == (True, 1000, 640, 360)
    assert intent.metadata["obligation"] == "5"
    assert story.available() == before + 640
    assert story.events_about(intent.id) == [
        "payment_intent.created",
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
    ]
    assert story.events_about(charge.id) == ["charge.captured"]


def test_a_payment_is_captured_once(story):
    intent = story.pay()
    story.api.payment_intents.capture(intent.id)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.payment_intents.capture(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"
    assert caught.value.error.payment_intent.status == "succeeded"


def test_no_more_is_captured_than_was_authorised(story):
    intent = story.pay()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.payment_intents.capture(intent.id, {"amount_to_capture": 1001})
    assert (caught.value.code, caught.value.param) == ("amount_too_large", "amount_to_capture")
    assert story.api.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_an_automatic_payment_is_captured_at_once(story):
    before = story.available()
    intent = story.pay(capture_method="automatic")
    assert (intent.status, intent.amount_received) == ("succeeded", 1000)
    assert story.available() == before + 1000


def test_cancelling_releases_the_card(story):
    intent = story.pay()
    gone = story.api.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.amount_capturable, gone.cancellation_reason) == ("canceled", 0, "abandoned")
    assert story.api.charges.retrieve(intent.latest_charge).refunded
    for call in (story.api.payment_intents.capture, story.api.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
            call(intent.id)


@pytest.mark.parametrize(
    ("token", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
def test_a_declined_card(story, token, code, decline_code):
    with pytest.raises(stripe.CardError) as caught:
        story.api.payment_intents.create({"payment_method": token, **story.terms()})
    error = caught.value
    assert (error.http_status, error.code, error.error.decline_code) == (402, code, decline_code)
    intent = story.api.payment_intents.retrieve(error.error.payment_intent.id)
    assert (intent.status, intent.last_payment_error.decline_code) == ("requires_payment_method", decline_code)
    assert story.api.charges.retrieve(intent.latest_charge).status == "failed"
    assert "payment_intent.payment_failed" in story.events_about(intent.id)


def test_after_a_decline_another_card_pays(story):
    saved = story.card("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError) as caught:
        story.api.payment_intents.create({"payment_method": saved, **story.terms()})
    intent = story.api.payment_intents.confirm(
        caught.value.error.payment_intent.id, {"payment_method": story.card(), "off_session": True}
    )
    assert (intent.status, intent.last_payment_error) == ("requires_capture", None)


def test_a_card_that_declines_cannot_be_saved(story):
    with pytest.raises(stripe.CardError):
        story.card("pm_card_visa_chargeDeclined")
    assert story.api.customers.payment_methods.list(story.customer.id).data == []


def test_a_saved_card_needs_its_customer_and_a_loose_one_serves_once(story):
    terms = story.terms()
    del terms["customer"]
    with pytest.raises(stripe.InvalidRequestError, match="belongs to the Customer"):
        story.api.payment_intents.create({"payment_method": story.card(), **terms})
    loose = story.api.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    story.api.payment_intents.create({"payment_method": loose.id, **terms})
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        story.api.payment_intents.create({"payment_method": loose.id, **terms})


def test_setup_future_usage_keeps_the_card(story):
    story.api.payment_intents.create(
        {"payment_method": "pm_card_mastercard", **story.terms(setup_future_usage="off_session")}
    )
    (kept,) = story.api.payment_methods.list({"customer": story.customer.id, "type": "card"}).data
    assert kept.card.brand == "mastercard"


def test_confirming_in_steps(story):
    terms = {"amount": 1000, "currency": "EUR", "automatic_payment_methods": CARDS_ONLY, "capture_method": "manual"}
    intent = story.api.payment_intents.create(terms)
    assert (intent.status, intent.currency) == ("requires_payment_method", "eur")
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        story.api.payment_intents.confirm(intent.id)
    intent = story.api.payment_intents.update(intent.id, {"payment_method": "pm_card_visa", "amount": 1200})
    assert intent.status == "requires_confirmation"
    assert story.api.payment_intents.confirm(intent.id).amount_capturable == 1200


def test_on_session_a_page_to_return_to_is_needed_unless_redirects_are_off(story):
    terms = story.terms(payment_method=story.card(), off_session=False)
    del terms["automatic_payment_methods"]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.payment_intents.create(terms)
    assert caught.value.param == "return_url"
    assert story.api.payment_intents.create({**terms, "return_url": "https://example.com"}).status == "requires_capture"


def test_refunds(story):
    before = story.available()
    intent = story.pay(capture_method="automatic")
    part = story.api.refunds.create({"payment_intent": intent.id, "amount": 300, "reason": "requested_by_customer"})
    assert (part.status, part.amount, part.charge) == ("succeeded", 300, intent.latest_charge)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.refunds.create({"payment_intent": intent.id, "amount": 701})
    assert caught.value.code == "amount_too_large"
    assert story.api.refunds.create({"charge": intent.latest_charge}).amount == 700
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"
    assert story.api.charges.retrieve(intent.latest_charge).refunded
    assert story.available() == before
    assert len(story.api.refunds.list({"payment_intent": intent.id}).data) == 2


def test_a_refund_returns_only_what_was_captured(story):
    intent = story.pay()
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        story.api.refunds.create({"payment_intent": intent.id})
    story.api.payment_intents.capture(intent.id, {"amount_to_capture": 640})
    assert story.api.refunds.create({"payment_intent": intent.id}).amount == 640


def test_lists_are_newest_first_and_paged(story):
    made = [story.pay(transfer_group="pages").id for _ in range(5)]
    first = story.api.payment_intents.list({"customer": story.customer.id, "limit": 2})
    assert ([intent.id for intent in first.data], first.has_more) == (made[:2:-1], True)
    assert [intent.id for intent in first.auto_paging_iter()] == made[::-1]
    later = story.api.payment_intents.list({"customer": story.customer.id, "limit": 2, "ending_before": made[2]})
    assert [intent.id for intent in later.data] == made[:2:-1]
    expanded = story.api.payment_intents.list({"customer": story.customer.id, "expand": ["data.latest_charge"]})
    assert {intent.latest_charge.transfer_group for intent in expanded.data} == {"pages"}
    assert len(story.api.charges.list({"payment_intent": made[0], "created": {"gte": 1}}).data) == 1
