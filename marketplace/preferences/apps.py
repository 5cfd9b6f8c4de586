"""The Django app."""

from django.apps import AppConfig


class PreferencesConfig(AppConfig):
    """Categories of lots, and stored preferences."""

    name = "marketplace.preferences"
    label = "preferences"
