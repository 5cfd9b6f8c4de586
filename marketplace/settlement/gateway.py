"""The only door to Stripe: test keys only, one client a process, and three results a call can have."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import stripe
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils.module_loading import import_string

from marketplace.settlement.transport import PooledClient

log = logging.getLogger(__name__)
TEST_KEYS = ("sk_test_", "rk_test_")
stripe.enable_telemetry = False  # it would report to Stripe how the SDK is used


@dataclass(frozen=True, slots=True)
class Done:
    """Stripe did it; `object` is what it answered, as plain dictionaries."""

    object: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Declined:
    """Stripe refused and nothing happened; a repeat under the same key says the same."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have happened; only a repeat under the same key, or a fetch, can tell."""

    reason: str


Result = Done | Declined | Unknown


def refuse_live_key(key: str) -> None:
    """Money is play money here: any key that is not a test key stops the start."""
    if not key.startswith(TEST_KEYS):
        raise ImproperlyConfigured("STRIPE_API_KEY must be a test key: sk_test_... or rk_test_...")


@cache
def client() -> stripe.StripeClient:
    """The process's one client, built from the settings."""
    refuse_live_key(settings.STRIPE_API_KEY)
    made = import_string(settings.STRIPE_HTTP_CLIENT)() if settings.STRIPE_HTTP_CLIENT else PooledClient()
    addresses: Any = {"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else {}
    return stripe.StripeClient(
        settings.STRIPE_API_KEY, base_addresses=addresses, http_client=made, max_network_retries=0
    )


def call(act: Callable[[stripe.StripeClient], Any]) -> Result:
    """Make one call and sort what came of it; refuses to run inside a transaction."""
    if connection.in_atomic_block:
        raise RuntimeError("a call to Stripe inside a transaction would be undone on one side only")
    try:
        return Done(act(client()).to_dict())
    except (stripe.CardError, stripe.InvalidRequestError) as error:
        return Declined(_code(error), _words(error))
    except stripe.StripeError as error:
        # 5xx, timeouts and lost connections; 409 and 429, whose repeat may still do it; and a key that Stripe
        # does not take (401, 403), which is the operator's fault and must never count as a payer's default.
        log.warning("Stripe gave no clear answer: %s %s", type(error).__name__, error.http_status or "")
        return Unknown(_words(error))


def _code(error: stripe.StripeError) -> str:
    decline = getattr(error.error, "decline_code", None) if error.error is not None else None
    return (decline or error.code or "invalid_request")[:64]


def _words(error: stripe.StripeError) -> str:
    return (error.user_message or type(error).__name__)[:200]


def create_customer(*, metadata: dict[str, str], key: str) -> Result:
    """A customer, who may own payment methods; Stripe is told no name, only ours for it."""
    params: Any = {"metadata": metadata}
    return call(lambda c: c.v1.customers.create(params, {"idempotency_key": key}))


def attach_payment_method(*, token: str, customer: str, key: str) -> Result:
    """Give a payment method to a customer."""
    return call(lambda c: c.v1.payment_methods.attach(token, {"customer": customer}, {"idempotency_key": key}))


def create_account(*, country: str, metadata: dict[str, str], key: str) -> Result:
    """A connected account that can receive transfers."""
    params: Any = {
        "type": "express",
        "country": country,
        "capabilities": {"transfers": {"requested": True}},
        "metadata": metadata,
    }
    return call(lambda c: c.v1.accounts.create(params, {"idempotency_key": key}))


def fetch_account(account: str) -> Result:
    """A connected account as it is now."""
    return call(lambda c: c.v1.accounts.retrieve(account))


def hold(
    *, amount: int, currency: str, customer: str, payment_method: str, metadata: dict[str, str], group: str, key: str
) -> Result:
    """Set an amount aside on a card: a confirmed PaymentIntent that is captured later."""
    params: Any = {
        "amount": amount,
        "currency": currency.lower(),
        "customer": customer,
        "payment_method": payment_method,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "capture_method": "manual",
        "confirm": True,
        "off_session": True,
        "transfer_group": group,
        "metadata": metadata,
    }
    return call(lambda c: c.v1.payment_intents.create(params, {"idempotency_key": key}))


def capture(*, intent: str, amount: int, key: str) -> Result:
    """Take (part of) what was set aside; Stripe lets go of the rest."""
    params: Any = {"amount_to_capture": amount}
    return call(lambda c: c.v1.payment_intents.capture(intent, params, {"idempotency_key": key}))


def cancel(*, intent: str, key: str) -> Result:
    """Let go of all that was set aside."""
    return call(lambda c: c.v1.payment_intents.cancel(intent, {}, {"idempotency_key": key}))


def fetch_intent(intent: str) -> Result:
    """A PaymentIntent as it is now."""
    return call(lambda c: c.v1.payment_intents.retrieve(intent))


def transfer(*, amount: int, currency: str, destination: str, group: str, metadata: dict[str, str], key: str) -> Result:
    """Move collected money to a connected account."""
    params: Any = {
        "amount": amount,
        "currency": currency.lower(),
        "destination": destination,
        "transfer_group": group,
        "metadata": metadata,
    }
    return call(lambda c: c.v1.transfers.create(params, {"idempotency_key": key}))
