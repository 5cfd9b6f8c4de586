"""The Django app."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Principals, their agents and the agents' keys."""

    name = "marketplace.agents"
    label = "agents"
