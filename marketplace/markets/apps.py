"""The Django app."""

from django.apps import AppConfig


class MarketsConfig(AppConfig):
    """Markets, lots, rounds and their life cycle."""

    name = "marketplace.markets"
    label = "markets"
