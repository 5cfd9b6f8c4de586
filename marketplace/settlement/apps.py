"""The Django app."""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """The ledger, obligations and the payment gateway."""

    name = "marketplace.settlement"
    label = "settlement"
