"""What every call has in common: keys, parameters, refusals, idempotency."""

import base64
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import stripe
from stories import fresh_key

REFUSED = [
    ({"bogus": 1}, "bogus", "parameter_unknown"),
    ({"shipping": {"name": "x", "address": {"planet": "y"}}}, "shipping[address][planet]", "parameter_unknown"),
    ({"payment_method_types": ["card"]}, "payment_method_types", "payment_method_types_no_longer_supported"),
    ({"amount": "10.5"}, "amount", "parameter_invalid_integer"),
    ({"amount": -5}, "amount", "parameter_invalid_integer"),
    ({"amount": 0}, "amount", "parameter_invalid_integer"),
    ({"amount": 49}, "amount", "amount_too_small"),
    ({"amount": 100_000_000}, "amount", "amount_too_large"),
    ({"amount": ""}, "amount", "parameter_invalid_empty"),
    ({"amount": {"a": 1}}, "amount", None),
    ({"currency": "doge"}, "currency", None),
    ({"capture_method": "sometimes"}, "capture_method", None),
    ({"confirm": "maybe"}, "confirm", None),
    ({"off_session": True}, "off_session", None),
    ({"metadata": {"k": "v" * 501}}, "metadata[k]", None),
    ({"expand": ["nothing.at.all"]}, "expand", None),
    ({"transfer_data": {"destination": "acct_1"}}, "transfer_data", "sandbox_not_built"),
    ({"customer": "cus_nobody"}, "customer", "resource_missing"),
]


@pytest.mark.parametrize(("wrong", "param", "code"), REFUSED, ids=lambda value: str(value)[:30])
def test_bad_parameters_are_named(api, wrong, param, code):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.payment_intents.create({"amount": 1000, "currency": "eur", **wrong})
    assert caught.value.http_status == 400
    assert caught.value.param == param
    if code or param == "amount":
        assert caught.value.code == (code or "parameter_invalid_string")


def test_a_missing_parameter_is_named(api):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.payment_intents.create({"currency": "eur"})
    assert (caught.value.param, caught.value.code) == ("amount", "parameter_missing")


def test_what_is_not_there_is_404(api):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        api.payment_intents.retrieve("pi_nothing")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")


def test_an_unknown_path_is_404(connect):
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        connect().raw_request("get", "/v1/horoscopes")


@pytest.mark.parametrize("key", ["sk_live_abc", "pk_test_abc", "nonsense"])
def test_only_test_keys_open_the_door(connect, key):
    with pytest.raises(stripe.AuthenticationError):
        connect(key).v1.balance.retrieve()


def test_a_restricted_test_key_and_basic_authentication_work(over_http):
    client = over_http("rk_test_abc")
    client.v1.balance.retrieve()
    address = client._requestor.base_addresses["api"]
    token = base64.b64encode(b"sk_test_abc:").decode()
    got = httpx.get(f"{address}/v1/balance", headers={"Authorization": f"Basic {token}"}, trust_env=False)
    assert got.status_code == 200
    assert httpx.get(f"{address}/v1/balance", trust_env=False).status_code == 401


def test_metadata_is_merged_unset_and_keeps_odd_keys(api):
    customer = api.customers.create({"metadata": {"0": "a", "1": "b", "x": "c"}})
    assert customer.metadata.to_dict() == {"0": "a", "1": "b", "x": "c"}
    assert api.customers.update(customer.id, {"metadata": {"x": "", "7": "d"}}).metadata.to_dict() == {
        "0": "a",
        "1": "b",
        "7": "d",
    }
    assert api.customers.update(customer.id, {"metadata": ""}).metadata.to_dict() == {}


def test_the_same_key_gets_the_same_answer(story):
    options = {"idempotency_key": fresh_key()}
    terms = {"payment_method": story.card(), **story.terms()}
    first = story.api.payment_intents.create(terms, options)
    again = story.api.payment_intents.create(terms, options)
    assert again.last_response.body == first.last_response.body
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert first.last_response.request_id.startswith("req_")
    assert len(story.api.payment_intents.list({"customer": story.customer.id}).data) == 1


def test_the_same_key_with_other_parameters_is_refused(story):
    options = {"idempotency_key": fresh_key()}
    story.pay(options)
    with pytest.raises(stripe.IdempotencyError) as caught:
        story.api.customers.create({"name": "Bob"}, options)
    assert (caught.value.http_status, caught.value.error.type) == (400, "idempotency_error")


def test_a_decline_is_replayed_and_a_validation_failure_is_not(story):
    options = {"idempotency_key": fresh_key()}
    terms = {"payment_method": "pm_card_visa_chargeDeclined", **story.terms()}
    answers = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            story.api.payment_intents.create(terms, options)
        answers.append(caught.value.http_body)
    assert answers[0] == answers[1]
    options = {"idempotency_key": fresh_key()}
    with pytest.raises(stripe.InvalidRequestError):
        story.api.payment_intents.create({**story.terms(), "amount": 1}, options)
    assert story.pay(options).status == "requires_capture"


def test_a_state_refusal_is_replayed(story):
    intent, options = story.pay(), {"idempotency_key": fresh_key()}
    seller = story.seller()
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            story.api.transfers.create({"amount": 99_999_999, "currency": "eur", "destination": seller.id}, options)
    assert caught.value.headers["Idempotent-Replayed"] == "true"
    assert story.api.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_many_threads_with_one_key_make_one_payment(story, connect):
    terms, options = {"payment_method": story.card(), **story.terms()}, {"idempotency_key": fresh_key()}

    def attempt(_: int) -> str:
        try:
            return connect().v1.payment_intents.create(terms, options).id
        except stripe.APIError as error:
            return f"{error.http_status} {error.error.code}"

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(attempt, range(24)))
    assert len(made - {"409 idempotency_key_in_use"}) == 1
    assert len(story.api.payment_intents.list({"customer": story.customer.id}).data) == 1


def test_many_threads_lose_nothing(story, connect):
    before, card = story.available("gbp"), story.card()

    def pay(_: int) -> None:
        terms = story.terms(payment_method=card, capture_method="automatic", currency="gbp")
        connect().v1.payment_intents.create(terms)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(pay, range(40)))
    assert story.available("gbp") == before + 40 * 1000
    assert len(story.api.payment_intents.list({"customer": story.customer.id, "limit": 100}).data) == 40
