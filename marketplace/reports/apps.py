"""The Django app."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Outcome reports for economists."""

    name = "marketplace.reports"
    label = "reports"
