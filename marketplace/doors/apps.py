"""The Django app."""

from django.apps import AppConfig

from marketplace.core.sweeps import register


class DoorsConfig(AppConfig):
    """Every way in: REST, websocket, pages."""

    name = "marketplace.doors"
    label = "doors"

    def ready(self) -> None:
        """Make the sweeps known; they stand on the models, which exist only now."""
        from marketplace.doors.webhooks.sweeps import SWEEPS  # noqa: PLC0415

        register(*SWEEPS)
