"""The Django app."""

from django.apps import AppConfig

from marketplace.core import sweeps


class MandatesConfig(AppConfig):
    """Mandates, their ceilings, check-ins and cases."""

    name = "marketplace.mandates"
    label = "mandates"

    def ready(self) -> None:
        """Make the app's sweeps known; they import models, which exist only now."""
        from marketplace.mandates.sweeps import SWEEPS  # noqa: PLC0415 - models load after apps

        sweeps.register(*SWEEPS)
