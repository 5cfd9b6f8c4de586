"""The database's clock: the one clock that decides when a market is open."""

from datetime import UTC, datetime
from functools import lru_cache

from django.db import connection


def now() -> datetime:
    """The instant at which this statement runs (not the transaction's start), UTC.

    PostgreSQL's `now()` stands still within a transaction, so a bid that waited for a lock would be
    dated before the close it waited for; `clock_timestamp()` does not.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")
            return datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=UTC)
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment.astimezone(UTC)


@lru_cache(1024)  # a group's bids share their instant
def stamp(moment: datetime | None) -> str | None:
    """An instant as RFC 3339 text in UTC with milliseconds, as every door writes it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
