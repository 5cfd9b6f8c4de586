"""The Django app."""

from django.apps import AppConfig

from marketplace.core import sweeps


class ClearingConfig(AppConfig):
    """From a closed round to a certified outcome."""

    name = "marketplace.clearing"
    label = "clearing"

    def ready(self) -> None:
        """Make the app's sweeps known; they import models, which exist only now."""
        from marketplace.clearing.sweeps import SWEEPS  # noqa: PLC0415 - models load after apps

        sweeps.register(*SWEEPS)
