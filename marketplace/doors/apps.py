"""The Django app."""

from django.apps import AppConfig


class DoorsConfig(AppConfig):
    """Every way in: REST, websocket, pages."""

    name = "marketplace.doors"
    label = "doors"
