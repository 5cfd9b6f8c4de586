"""What the sandbox has beyond a simple payment: statements, disputes, consent, time, search, pace, chaos."""

import json
import time

import pytest
import stripe
from stories import fresh_key


@pytest.fixture
def lever(connect):
    """Pull one of the sandbox's own levers; all are let go at the end."""
    client = connect()

    def pull(name: str, **values):
        return client.deserialize(client.raw_request("post", f"/sandbox/{name}", **values), api_mode="V1")

    yield pull
    pull("chaos", script="[]")
    pull("pace", per_second=0)
    pull("clock", ahead=0)


def test_a_transfer_comes_back_in_parts(story):
    seller = story.seller()
    story.pay(capture_method="automatic")
    sent = story.api.transfers.create({"amount": 900, "currency": "eur", "destination": seller.id})
    part = story.api.transfers.reversals.create(sent.id, {"amount": 300, "metadata": {"obligation": "obl_x"}})
    assert (part.amount, part.transfer, part.metadata["obligation"]) == (300, sent.id, "obl_x")
    story.api.transfers.reversals.create(sent.id)
    shown = story.api.transfers.retrieve(sent.id)
    assert (shown.amount_reversed, shown.reversed, len(shown.reversals.data)) == (900, True, 2)
    assert [each.amount for each in story.api.transfers.reversals.list(sent.id).data] == [600, 300]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.transfers.reversals.create(sent.id)
    assert caught.value.code == "transfer_already_reversed"


def test_every_movement_is_a_line_of_the_statement(story):
    seller = story.seller()
    intent = story.pay(capture_method="automatic", expand=["latest_charge.balance_transaction"])
    sent = story.api.transfers.create({"amount": 900, "currency": "eur", "destination": seller.id})
    back = story.api.transfers.reversals.create(sent.id, {"amount": 400})
    refund = story.api.refunds.create({"payment_intent": intent.id, "amount": 250})
    lines = [story.api.balance_transactions.retrieve(each.balance_transaction) for each in (sent, back, refund)]
    assert [(line.type, line.amount) for line in lines] == [
        ("transfer", -900),
        ("transfer_refund", 400),
        ("refund", -250),
    ]
    charged = intent.latest_charge.balance_transaction
    assert (charged.type, charged.net, charged.source) == ("charge", 1000, intent.latest_charge.id)
    assert [line.id for line in story.api.balance_transactions.list({"source": sent.id}).data] == [lines[0].id]


@pytest.mark.parametrize(("evidence", "verdict"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_a_dispute_takes_the_money_until_the_bank_decides(story, evidence, verdict):
    before = story.available()
    card = story.card("pm_card_createDispute")
    intent = story.api.payment_intents.create({"payment_method": card, **story.terms(capture_method="automatic")})
    (dispute,) = story.api.disputes.list({"payment_intent": intent.id}).data
    assert (dispute.status, dispute.amount, story.available()) == ("needs_response", 1000, before)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        story.api.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_disputed"
    ended = story.api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": evidence}, "submit": True})
    assert ended.status == verdict
    assert story.available() == before + (1000 if verdict == "won" else 0)
    assert "charge.dispute.closed" in story.events_about(dispute.id)


@pytest.mark.parametrize(
    ("outcome", "status"), [("succeeded", "requires_capture"), ("failed", "requires_payment_method")]
)
def test_the_bank_asks_the_person(story, lever, outcome, status):
    card = story.card("pm_card_threeDSecure2Required")
    terms = {name: value for name, value in story.terms().items() if name != "off_session"}
    intent = story.api.payment_intents.create({"payment_method": card, **terms})
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    lever(f"authenticate/{intent.id}", outcome=outcome)
    assert story.api.payment_intents.retrieve(intent.id).status == status


def test_who_has_consented_is_charged_while_away(story, lever):
    terms = {"customer": story.customer.id, "payment_method": "pm_card_authenticationRequired", "confirm": True}
    setup = story.api.setup_intents.create(terms)
    assert setup.status == "requires_action"
    lever(f"authenticate/{setup.id}", outcome="succeeded")
    saved = story.api.setup_intents.retrieve(setup.id)
    assert saved.status == "succeeded"
    later = story.api.payment_intents.create({"payment_method": saved.payment_method, **story.terms()})
    assert later.status == "requires_capture"


def test_a_hold_lives_for_a_week_of_its_clock(story, lever):
    intent = story.pay()
    lever("clock", ahead=6 * 24 * 3600)
    assert story.api.payment_intents.retrieve(intent.id).status == "requires_capture"
    lever("clock", ahead=7 * 24 * 3600 + 1)
    gone = story.api.payment_intents.retrieve(intent.id)
    assert (gone.status, gone.cancellation_reason) == ("canceled", "automatic")
    assert "payment_intent.canceled" in story.events_about(intent.id)


def test_a_key_is_forgotten_after_a_day(story, lever):
    options, terms = {"idempotency_key": fresh_key()}, {"payment_method": story.card(), **story.terms()}
    first = story.api.payment_intents.create(terms, options)
    lever("clock", ahead=23 * 3600)
    assert story.api.payment_intents.create(terms, options).id == first.id
    lever("clock", ahead=25 * 3600)
    assert story.api.payment_intents.create(terms, options).id != first.id


def test_three_decimals_end_in_nought(story):
    assert story.pay(amount=1230, currency="kwd").amount == 1230
    with pytest.raises(stripe.InvalidRequestError, match="last must be 0"):
        story.pay(amount=1234, currency="kwd")


def test_an_empty_search_proves_nothing(story, lever):
    name = fresh_key()
    made = {story.pay(metadata={"name": name}).id for _ in range(6)}
    query = {"query": f"metadata['name']:'{name}' AND status:'requires_capture'"}
    assert {each.id for each in story.api.payment_intents.search(query).data} < made
    assert {each.id for each in story.api.payment_intents.list({"customer": story.customer.id}).data} == made
    lever("clock", ahead=61)
    assert {each.id for each in story.api.payment_intents.search(query).data} == made


def test_more_than_so_many_a_second_are_too_many(story, lever):
    lever("pace", per_second=5)
    with pytest.raises(stripe.RateLimitError):
        [story.api.balance.retrieve() for _ in range(20)]
    time.sleep(1.05)
    assert story.api.balance.retrieve().object == "balance"


EFFECT = {"500_after", "500_saved_after", "timeout_after", "reset"}
FAULTS = [*sorted(EFFECT), "500_before", "500_saved", "409", "429", "timeout_before"]


@pytest.mark.parametrize("fault", FAULTS)
def test_chaos_does_what_its_script_says(story, lever, fault):
    terms, options = {"payment_method": story.card(), **story.terms()}, {"idempotency_key": fresh_key()}
    lever("chaos", script=json.dumps([{"match": "^POST /v1/payment_intents$", "fault": fault}]))
    with pytest.raises(stripe.APIError if fault[0] == "5" or fault == "409" else stripe.StripeError):
        story.api.payment_intents.create(terms, options)
    made = story.api.payment_intents.list({"customer": story.customer.id}).data
    assert len(made) == (fault in EFFECT)
    if fault.startswith("500_saved"):
        with pytest.raises(stripe.APIError) as caught:
            story.api.payment_intents.create(terms, options)
        assert caught.value.headers["Idempotent-Replayed"] == "true"
    else:
        again = story.api.payment_intents.create(terms, options)
        assert [again.id] == [each.id for each in story.api.payment_intents.list({"customer": story.customer.id}).data]


def test_an_answer_may_lie_about_the_amount(story, lever):
    lever("chaos", script=json.dumps([{"match": "^POST /v1/payment_intents$", "fault": "wrong_amount"}]))
    intent = story.pay()
    assert (intent.amount, story.api.payment_intents.retrieve(intent.id).amount) == (1001, 1000)


def test_a_script_that_names_no_fault_is_refused(lever):
    with pytest.raises(stripe.InvalidRequestError, match="A rule names one or more of"):
        lever("chaos", script=json.dumps([{"match": "x", "fault": "earthquake"}]))
