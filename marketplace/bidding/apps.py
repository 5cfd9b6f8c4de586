"""The Django app."""

from django.apps import AppConfig

from marketplace.core import sweeps


class BiddingConfig(AppConfig):
    """Participations, bids and their intake."""

    name = "marketplace.bidding"
    label = "bidding"

    def ready(self) -> None:
        """Make the app's sweeps known; they import models, which exist only now."""
        from marketplace.bidding.sweeps import SWEEPS  # noqa: PLC0415 - models load after apps

        sweeps.register(*SWEEPS)
