"""The Django app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """What make demo plays, over HTTP and websocket."""

    name = "marketplace.demo"
    label = "demo"
