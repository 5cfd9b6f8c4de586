"""Sellers' accounts, and the money that is handed on to them."""

import pytest
import stripe


def test_captured_money_is_handed_on(story, connect):
    seller = story.seller(metadata={"agent": "9"})
    assert (seller.capabilities.transfers, seller.metadata["agent"]) == ("active", "9")
    story.pay(capture_method="automatic")
    before = story.available()
    sent = story.api.transfers.create(
        {"amount": 900, "currency": "eur", "destination": seller.id, "transfer_group": "m1", "metadata": {"o": "1"}}
    )
    assert (sent.amount, sent.destination, sent.transfer_group, sent.reversed) == (900, seller.id, "m1", False)
    assert story.available() == before - 900
    theirs = story.api.balance.retrieve({}, {"stripe_account": seller.id})
    assert [(part.amount, part.currency) for part in theirs.available] == [(900, "eur")]
    assert [row.id for row in story.api.transfers.list({"destination": seller.id}).data] == [sent.id]
    assert story.events_about(sent.id) == ["transfer.created"]


def test_more_than_the_balance_is_refused(story):
    seller = story.seller()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.transfers.create({"amount": 99_999_999, "currency": "eur", "destination": seller.id})
    assert caught.value.code == "balance_insufficient"
    assert story.api.transfers.list({"destination": seller.id}).data == []
    assert story.api.balance.retrieve({}, {"stripe_account": seller.id}).available == []


def test_a_source_charge_bounds_what_is_drawn_on_it(story):
    seller = story.seller()
    intent = story.pay(capture_method="automatic", transfer_group="m2")
    terms = {"currency": "eur", "destination": seller.id, "source_transaction": intent.latest_charge}
    assert story.api.transfers.create({"amount": 700, **terms}).transfer_group == "m2"
    with pytest.raises(stripe.InvalidRequestError, match="must not exceed the source amount"):
        story.api.transfers.create({"amount": 301, **terms})
    assert story.api.transfers.create({"amount": 300, **terms}).source_transaction == intent.latest_charge


def test_an_account_without_the_capability_gets_nothing(story):
    seller = story.seller(capabilities={"card_payments": {"requested": True}})
    story.pay(capture_method="automatic")
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.transfers.create({"amount": 100, "currency": "eur", "destination": seller.id})
    assert caught.value.code == "insufficient_capabilities_for_transfer"
    story.api.accounts.update(seller.id, {"capabilities": {"transfers": {"requested": True}}})
    assert story.api.transfers.create({"amount": 100, "currency": "eur", "destination": seller.id}).amount == 100


def test_nobody_is_paid_who_is_not_there(story):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.transfers.create({"amount": 100, "currency": "eur", "destination": "acct_nobody"})
    assert (caught.value.code, caught.value.param) == ("resource_missing", "destination")
