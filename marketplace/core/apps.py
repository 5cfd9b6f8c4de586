"""The Django app."""

from django.apps import AppConfig
from django.core.checks import register

from marketplace.core.checks import secret_key_is_set


class CoreConfig(AppConfig):
    """What every other app stands on: clock, money, strict JSON, streams, sweeps."""

    name = "marketplace.core"
    label = "core"

    def ready(self) -> None:
        """Make the checks known."""
        register(secret_key_is_set)
