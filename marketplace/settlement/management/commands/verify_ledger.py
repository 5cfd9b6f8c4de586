"""`manage.py verify_ledger`: prove every journal, or say what is wrong and end with status 1."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.settlement.verification import verify_all


class Command(BaseCommand):
    """Checks the chain, the holds and the balances of every journal."""

    help = "Prove that every journal is whole."

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each fault, one line at the end."""
        journals = faulty = 0
        for journal, faults in verify_all():
            journals += 1
            faulty += bool(faults)
            for fault in faults:
                self.stderr.write(f"{journal.name}: {fault}")
        if faulty:
            raise CommandError(f"{faulty} of {journals} journals are not whole")
        self.stdout.write(f"{journals} journals are whole")
