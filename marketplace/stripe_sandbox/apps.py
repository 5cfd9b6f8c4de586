"""The Django app."""

from django.apps import AppConfig


class StripeSandboxConfig(AppConfig):
    """A local Stripe for demo and tests."""

    name = "marketplace.stripe_sandbox"
    label = "stripe_sandbox"
