"""The Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from marketplace.core import sweeps


class MarketsConfig(AppConfig):
    """Markets, lots, rounds and their life cycle."""

    name = "marketplace.markets"
    label = "markets"

    def ready(self) -> None:
        """Make the app's sweeps known, and ship its templates; they import models, which exist only now."""
        from marketplace.markets.sweeps import SWEEPS  # noqa: PLC0415 - models load after apps
        from marketplace.markets.templates import ship_templates  # noqa: PLC0415

        sweeps.register(*SWEEPS)
        post_migrate.connect(ship_templates, sender=self)
