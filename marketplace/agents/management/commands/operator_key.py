"""`manage.py operator_key NAME`: an agent that may open markets, and its key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from marketplace.agents.services import register_agent


class Command(BaseCommand):
    """Prints the key, this once."""

    help = "Makes an operator's agent and prints its key."

    def add_arguments(self, parser: CommandParser) -> None:
        """The agent's name."""
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it."""
        _, key = register_agent(name=options["name"], principal_name=options["name"], kind="firm", scope="operate")
        self.stdout.write(key)
