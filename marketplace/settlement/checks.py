"""System checks: what must hold before anything starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from marketplace.settlement import gateway


def test_key_only(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Stripe is used in test mode only, and webhooks are signed."""
    errors: list[CheckMessage] = []
    try:
        gateway.refuse_live_key(settings.STRIPE_API_KEY)
    except ImproperlyConfigured as error:
        errors.append(Error(str(error), id="settlement.E001"))
    if not settings.STRIPE_WEBHOOK_SECRET.strip():
        errors.append(Error("STRIPE_WEBHOOK_SECRET is empty: anybody could sign.", id="settlement.E002"))
    return errors
