"""The Django app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """What every other app stands on: clock, money, strict JSON, streams, sweeps."""

    name = "marketplace.core"
    label = "core"
