"""The Django app."""

from django.apps import AppConfig


class ClearingConfig(AppConfig):
    """Clearing children: from a closed round to a certified outcome."""

    name = "marketplace.clearing"
    label = "clearing"
