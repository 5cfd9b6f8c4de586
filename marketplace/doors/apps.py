"""The Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from marketplace.core.sweeps import register


class DoorsConfig(AppConfig):
    """Every way in: REST, websocket, pages."""

    name = "marketplace.doors"
    label = "doors"

    def ready(self) -> None:
        """Make the sweeps known; they stand on the models, which exist only now."""
        from marketplace.doors.roles import make_roles  # noqa: PLC0415
        from marketplace.doors.webhooks.sweeps import SWEEPS  # noqa: PLC0415

        register(*SWEEPS)
        post_migrate.connect(make_roles, sender=self)
