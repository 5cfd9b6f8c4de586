"""The Django app."""

from django.apps import AppConfig
from django.core.checks import register as register_check

from marketplace.core.sweeps import register


class SettlementConfig(AppConfig):
    """The ledger, obligations and the payment gateway."""

    name = "marketplace.settlement"
    label = "settlement"

    def ready(self) -> None:
        """Make the checks and the sweeps known; both stand on the models, which exist only now."""
        from marketplace.settlement.checks import test_key_only  # noqa: PLC0415
        from marketplace.settlement.sweeps import SWEEPS  # noqa: PLC0415

        register_check(test_key_only)
        register(*SWEEPS)
