"""The Django app, and where it has no business."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

PLAY_KEY = "sk_test_walras_sandbox"  # what settings use where no key is given


def out_of_place() -> str:
    """Why this environment is no demo and no test; empty where it is one."""
    if settings.SECURE_SSL_REDIRECT:
        return "WALRAS_HTTPS is on: the Stripe sandbox is for demo and tests, not for a public server."
    if settings.STRIPE_API_KEY != PLAY_KEY and not settings.STRIPE_API_KEY.startswith(f"{PLAY_KEY}_"):
        return "STRIPE_API_KEY names a Stripe account: the sandbox stands in for Stripe only where there is none."
    return ""


def only_in_demo_and_tests(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Nobody's real obligations are to be settled with play money."""
    reason = out_of_place() if "stripe_sandbox" in settings.DATABASES else ""
    return [Error(reason, id="stripe_sandbox.E001")] if reason else []


class StripeSandboxConfig(AppConfig):
    """A local Stripe for demo and tests."""

    name = "marketplace.stripe_sandbox"
    label = "stripe_sandbox"

    def ready(self) -> None:
        """Make the check known."""
        register(only_in_demo_and_tests)
