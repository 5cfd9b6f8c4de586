"""PostgreSQL finds every row of a group by its index, whatever it knows of the tables: bids stay cheap."""

import json

import pytest
from django.db import connection

from marketplace.bidding.stores.statements import PIN, STATEMENTS

pytestmark = pytest.mark.django_db
ARGUMENTS = {
    b"lock": ["[1]"],
    b"seats": ["[[1, 1]]"],
    b"known": ['["a"]'],
    b"named": ['["a"]'],
    b"replace": ["[1]"],
    b"write": ["[]", "2026-01-01"],
    b"withdraw": ["[]", "2026-01-01"],
}


def nodes(plan: dict) -> list[dict]:
    """The plan's nodes, all of them."""
    return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such plans: it has no join but the nested")
@pytest.mark.parametrize("name", ARGUMENTS)
def test_rows_are_found_by_index_while_tables_are_empty(name: bytes) -> None:
    values = ", ".join(f"'{value}'" for value in ARGUMENTS[name])
    with connection.cursor() as cursor:
        cursor.execute(PIN.replace("SET ", "SET LOCAL "))
        cursor.execute(f"PREPARE explained AS {STATEMENTS[name]}")
        cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE explained ({values})")
        row = cursor.fetchone()[0]
        cursor.execute("DEALLOCATE explained")
    found = nodes((json.loads(row) if isinstance(row, str) else row)[0]["Plan"])
    scans = [node for node in found if node["Node Type"] in ("Seq Scan", "Index Scan", "Bitmap Index Scan")]
    assert [node for node in scans if "Index Cond" not in node] == []
    assert [node["Node Type"] for node in found if "Join" in node["Node Type"]] == []
    assert scans
