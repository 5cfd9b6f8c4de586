"""`manage.py clearing_child`: what the server starts to clear markets in; not for people."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from marketplace.clearing.child import serve


class Command(BaseCommand):
    """Read orders on standard input, answer on standard output."""

    requires_system_checks = ()  # it has no WALRAS_SECRET_KEY, and shall have none
    help = "Clears claimed rounds for the server that started it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until standard input ends; whatever a rule prints goes to standard error, not among the answers."""
        answers, sys.stdout = sys.stdout, sys.stderr
        serve(sys.stdin, answers)
