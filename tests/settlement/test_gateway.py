"""The door to Stripe: test keys only, no call inside a transaction, three results."""

import pytest
import stripe
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import transaction

from marketplace.settlement import calls, gateway
from marketplace.settlement.gateway import Declined, Done, Unknown


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x", "", "pk_test_x", "sk_test"])
def test_only_a_test_key_starts(key, settings):
    settings.STRIPE_API_KEY = key
    with pytest.raises(ImproperlyConfigured):
        gateway.client.__wrapped__()
    with pytest.raises(SystemCheckError, match=r"settlement\.E001"):
        call_command("check")


def test_an_empty_webhook_secret_does_not_start(settings):
    settings.STRIPE_WEBHOOK_SECRET = " "
    with pytest.raises(SystemCheckError, match=r"settlement\.E002"):
        call_command("check")


@pytest.mark.django_db
def test_no_call_inside_a_transaction():
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
        calls.fetch_intent("pi_x")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (stripe.CardError("no", None, "card_declined"), Declined("card_declined", "no")),
        (stripe.InvalidRequestError("what", None), Declined("invalid_request", "what")),
        (stripe.APIError("oops", http_status=500), Unknown("oops")),
        (stripe.APIConnectionError("gone"), Unknown("gone")),
        (stripe.RateLimitError("slow"), Unknown("slow")),
        (stripe.AuthenticationError("key"), Unknown("key")),
        (stripe.PermissionError("key"), Unknown("key")),
        (stripe.IdempotencyError("reused"), Unknown("reused")),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_errors_are_sorted_by_what_may_have_happened(error, expected):
    def fail(client):
        raise error

    assert gateway.call(fail) == expected


@pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
def test_answers_are_plain_dictionaries():
    result = calls.create_customer(metadata={"walras": "prn_x"}, key="one")
    assert isinstance(result, Done)
    assert type(result.object["metadata"]) is dict
