"""The Django app."""

from django.apps import AppConfig

from marketplace.core import sweeps


class ReportsConfig(AppConfig):
    """Outcome reports for economists."""

    name = "marketplace.reports"
    label = "reports"

    def ready(self) -> None:
        """Make the app's sweeps known; they import models, which exist only now."""
        from marketplace.reports.jobs import SWEEPS  # noqa: PLC0415 - models load after apps

        sweeps.register(*SWEEPS)
