"""The databases emptied between tests: the rows of those tables that have some, while servers may be reading them."""

import time
from collections.abc import Iterable
from contextlib import nullcontext
from functools import cache
from typing import Any

from django.core.management.color import no_style
from django.core.management.commands import flush
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction

from tests.ledger import unguarded_ledger

FURNITURE = {  # made by migrate
    *("django_content_type", "auth_permission", "auth_group", "auth_group_permissions", "markets_template"),
}
TRIES = 6  # on PostgreSQL a live server's queries may come across


def empty_swiftly(command: flush.Command, **options: Any) -> None:
    """Stands in for Django's `flush`, which truncates every table and makes all permissions and roles anew."""
    alias = options["database"]
    for left in range(TRIES, 0, -1):
        try:
            with unguarded_ledger() if alias == DEFAULT_DB_ALIAS else nullcontext():
                _empty(alias, _tables(alias))
            return
        except OperationalError:
            if left == 1:
                raise
            time.sleep(0.2)


def _empty(alias: str, tables: Iterable[str]) -> None:
    each = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in tables)
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute(each)
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {table}")


@cache
def _tables(alias: str) -> list[str]:
    names = connections[alias].introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(names) - FURNITURE)


def count_from_one() -> None:
    """Rows of the emptied tables are numbered from 1 again, for whoever compares pages that show such numbers."""
    link = connections[DEFAULT_DB_ALIAS]
    with link.cursor() as cursor:
        for statement in link.ops.sequence_reset_by_name_sql(no_style(), _sequences()):
            cursor.execute(statement)


@cache
def _sequences() -> list[dict[str, Any]]:
    rows = connections[DEFAULT_DB_ALIAS].introspection.sequence_list()
    return [row for row in rows if row["table"] not in FURNITURE]
