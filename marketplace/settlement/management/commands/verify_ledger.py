"""`manage.py verify_ledger`: prove every journal, or say what is wrong and end with status 1."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.settlement.verification import verify_all, verify_guards


class Command(BaseCommand):
    """Checks the guards, the chain, the holds and the balances of every journal, and Stripe's books against them."""

    help = "Prove that every journal is whole and that Stripe's books say the same."

    def add_arguments(self, parser: CommandParser) -> None:
        """Without Stripe, where it cannot be reached."""
        parser.add_argument("--without-stripe", action="store_true", help="compare nothing with Stripe's books")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each fault, one line at the end."""
        journals = faulty = 0
        unguarded = verify_guards()
        for fault in unguarded:
            self.stderr.write(fault)
        for journal, faults in verify_all(with_stripe=not options["without_stripe"]):
            journals += 1
            faulty += bool(faults)
            for fault in faults:
                self.stderr.write(f"{journal.name}: {fault}")
        if faulty:
            raise CommandError(f"{faulty} of {journals} journals are not whole")
        if unguarded:
            raise CommandError(f"{len(unguarded)} guards are missing")
        self.stdout.write(f"{journals} journals are whole")
