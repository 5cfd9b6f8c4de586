"""System checks: what must hold before anything starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS

from marketplace.settlement import gateway, guards


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


def ledger_guarded(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The database itself refuses to change the ledger; a migration on SQLite may have dropped what makes it so."""
    if not databases or DEFAULT_DB_ALIAS not in databases:
        return []
    hint = "manage.py ledger_guards installs them."
    lacking = guards.missing()
    words = f"The ledger is not guarded: {', '.join(lacking)} missing."
    return [Error(words, hint=hint, id="settlement.E003")] if lacking else []
