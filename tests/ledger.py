"""The ledger in tests: emptied in spite of its guards, and proven after every test that moved money."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from marketplace.settlement import guards
from marketplace.settlement.models import Journal
from marketplace.settlement.verification import verify_all, verify_guards
from marketplace.stripe_sandbox.router import ALIAS


@contextmanager
def unguarded_ledger() -> Iterator[None]:
    """Let the ledger be emptied or tampered with; only a superuser of the database could do so otherwise."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            try:
                yield
            finally:
                cursor.execute("SET session_replication_role = DEFAULT")
        return
    with transaction.atomic(), connection.cursor() as cursor:
        for name in guards.SQLITE:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
    yield
    guards.install()


def whole_books() -> list[str]:
    """What is wrong with any journal, by itself or against Stripe's books."""
    if DEFAULT_DB_ALIAS not in connections or not Journal.objects.exists():
        return []
    journals = verify_all(with_stripe=ALIAS in connections)
    return verify_guards() + [f"{journal.name}: {fault}" for journal, found in journals for fault in found]
