"""Every row of a group is found by its index, whatever the database knows of the tables: bids stay cheap."""

import json

import pytest
from django.db import connection

from marketplace.bidding.stores import sqlite_statements
from marketplace.bidding.stores.postgres_statements import PIN, STATEMENTS

pytestmark = pytest.mark.django_db
ARGUMENTS = {
    b"lock": ["[1]"],
    b"read": ["[[1, 1]]", '["a"]'],
    b"named": ['["a"]'],
    b"replace": ["[1]"],
    b"write": ["[]", "2026-01-01"],
    b"withdraw": ["[]", "2026-01-01"],
}


def nodes(plan: dict) -> list[dict]:
    """The plan's nodes, all of them."""
    return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="statements of PostgreSQL")
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


@pytest.mark.skipif(connection.vendor != "sqlite", reason="statements of SQLite")
@pytest.mark.parametrize("name", ["READ", "REPLACE", "WITHDRAW", "COUNT", "RISE", "TELL"])
def test_sqlite_scans_nothing_but_what_it_is_given(name: str) -> None:
    connection.ensure_connection()
    plan = connection.connection.execute(
        f"EXPLAIN QUERY PLAN {getattr(sqlite_statements, name)}",
        {"markets": "[]", "places": "[]", "keys": "[]", "named": "[]"}
        if name == "READ"
        else ["[]", ""][: 1 + (name == "TELL")],
    ).fetchall()
    steps = [row[3] for row in plan]
    scanned = [step for step in steps if step.startswith("SCAN")]
    assert [step for step in scanned if "VIRTUAL TABLE" not in step and "CONSTANT ROW" not in step] == []
    if name == "READ":
        assert "SEARCH p USING INDEX participation_once (market_id=? AND agent_id=?)" in steps
