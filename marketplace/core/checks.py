"""What stops the start rather than the first request."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

LEAST_CHARACTERS = 32


def secret_key_is_set(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Receipts, sessions and derived keys hang on it."""
    try:
        long_enough = len(settings.SECRET_KEY) >= LEAST_CHARACTERS
    except ImproperlyConfigured:
        long_enough = False
    if long_enough or settings.DEBUG:
        return []
    hint = "python -c 'import secrets; print(secrets.token_urlsafe(50))' makes one; keep it."
    return [Error(f"WALRAS_SECRET_KEY has fewer than {LEAST_CHARACTERS} characters.", hint=hint, id="core.E001")]
