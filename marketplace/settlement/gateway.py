"""The only door to Stripe: test keys only, one client a process, and the results a call can have."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import stripe
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils.module_loading import import_string

from marketplace.core import metrics
from marketplace.settlement.pacing import pacer
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
    replayed: bool = False  # Stripe replays a saved failure: the call has ended, and this key will say no other word


@dataclass(frozen=True, slots=True)
class Absent:
    """Stripe has nothing of it: a fetch by id or a consistent list says so (a search would not prove it)."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """There was nobody to ask about; no call was made."""

    code: str
    detail: str


Result = Done | Declined | Unknown | Absent | NotSent
LIST_PAGES = 100  # of a hundred objects each


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
    pacer.wait()
    with metrics.stripe_seconds.time():
        result = _called(act)
    metrics.stripe_calls.labels(type(result).__name__.lower()).inc()
    return result


def _called(act: Callable[[stripe.StripeClient], Any]) -> Result:
    try:
        made = _plain(act(client()))
    except (stripe.CardError, stripe.InvalidRequestError) as error:
        return Declined(_code(error), _words(error))
    except stripe.RateLimitError as error:
        pacer.slow_down()
        return Unknown(_words(error))
    except stripe.StripeError as error:
        # 5xx, timeouts and lost connections; 409 and 429, whose repeat may still do it; and a key that Stripe
        # does not take (401, 403), which is the operator's fault and must never count as a payer's default.
        log.warning("Stripe gave no clear answer: %s %s", type(error).__name__, error.http_status or "")
        return Unknown(_words(error), _is_replay(error))
    if made.get("livemode"):
        log.error("Stripe answered with an object in live mode")
        return Unknown("an object in live mode")
    return Done(made)


def _plain(made: Any) -> dict[str, Any]:
    """What Stripe answered, as plain dictionaries: a raw answer has them, the SDK's objects are turned back."""
    plain: Any = made.data if isinstance(made, stripe.StripeResponse) else made.to_dict()
    return cast(dict[str, Any], plain)


def _is_replay(error: stripe.StripeError) -> bool:
    replayed = (error.headers or {}).get("Idempotent-Replayed") == "true"
    return replayed and (error.http_status or 0) >= 500


def listed(page: Callable[[stripe.StripeClient, dict[str, Any]], Any]) -> Result:
    """All pages of one of Stripe's lists, which are consistent; `Done` holds them under `data`."""
    found: list[dict[str, Any]] = []
    more: dict[str, Any] = {"limit": 100}
    for _ in range(LIST_PAGES):
        result = call(lambda c, more=more: page(c, more))  # type: ignore[misc]
        if not isinstance(result, Done):
            return result if isinstance(result, Unknown) else Unknown("Stripe refused to list")
        found += result.object["data"]
        if not result.object["has_more"]:
            return Done({"data": found})
        more = {"limit": 100, "starting_after": found[-1]["id"]}
    return Unknown("the list does not end")


def _code(error: stripe.StripeError) -> str:
    decline = getattr(error.error, "decline_code", None) if error.error is not None else None
    return (decline or error.code or "invalid_request")[:64]


def _words(error: stripe.StripeError) -> str:
    return (error.user_message or type(error).__name__)[:200]
