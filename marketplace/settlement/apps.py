"""The Django app."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import Tags
from django.core.checks import register as register_check
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate

from marketplace.core.sweeps import register
from marketplace.settlement import guards


def _guard_ledger(*, using: str, **kwargs: Any) -> None:
    """After every `migrate`: a migration may have made the tables anew, without their triggers."""
    if using == DEFAULT_DB_ALIAS:
        guards.install()


class SettlementConfig(AppConfig):
    """The ledger, obligations and the payment gateway."""

    name = "marketplace.settlement"
    label = "settlement"

    def ready(self) -> None:
        """Make the checks and the sweeps known; both stand on the models, which exist only now."""
        from marketplace.settlement.checks import ledger_guarded, test_key_only  # noqa: PLC0415
        from marketplace.settlement.sweeps import SWEEPS  # noqa: PLC0415

        register_check(test_key_only)
        register_check(ledger_guarded, Tags.database)
        post_migrate.connect(_guard_ledger, sender=self, dispatch_uid="ledger_guards")
        register(*SWEEPS)
