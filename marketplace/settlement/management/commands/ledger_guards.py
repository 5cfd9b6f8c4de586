"""`manage.py ledger_guards`: have the database itself refuse to change the ledger."""

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.settlement import guards


class Command(BaseCommand):
    """Installs what is missing; `migrate` does so too, and a later migration on SQLite may drop them again."""

    help = "Install the triggers that refuse UPDATE, DELETE and TRUNCATE on the ledger."
    requires_system_checks: list[str] = []  # one of them complains of what is mended here

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each guard that was missing."""
        made = guards.install()
        for name in made:
            self.stdout.write(f"installed {name}")
        if not made:
            self.stdout.write("all guards stand")
