"""The Django app."""

from django.apps import AppConfig

from marketplace.core import sweeps


class MarketsConfig(AppConfig):
    """Markets, lots, rounds and their life cycle."""

    name = "marketplace.markets"
    label = "markets"

    def ready(self) -> None:
        """Make the app's sweeps known; they import models, which exist only now."""
        from marketplace.markets.sweeps import SWEEPS  # noqa: PLC0415 - models load after apps

        sweeps.register(*SWEEPS)
