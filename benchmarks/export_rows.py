"""What `bench_reports.py` runs in a process of its own: rows in the database of DATABASE_URL, then one way out of it.

`export_rows.py fill N`, `query`, `csv PATH`, `parquet PATH`, `bare PATH` (csv.writer over a bare cursor of SQLite).
Prints JSON: seconds, bytes, and by how many megabytes the process has grown.
"""

import csv
import json
import os
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from psycopg import ClientCursor  # noqa: E402

from marketplace.reports.formats import FORMATS  # noqa: E402
from marketplace.reports.importing import Stated, import_outcome  # noqa: E402
from marketplace.reports.models import Tabulation  # noqa: E402
from marketplace.reports.queries import pseudonym, query  # noqa: E402
from marketplace.reports.scopes import Scope  # noqa: E402
from marketplace.reports.tables import TABLES  # noqa: E402
from marketplace.reports.tabulating import tabulate_due  # noqa: E402

SCOPE, TABLE = Scope(salt=b"0" * 32), TABLES["bids"]
COLUMNS = "tabulation_id, party, part, kind, lot, quantity, price"
VALUES = "{tabulation}, 'agt_' || (n % 50000), 1 + n % 4, 'step', 'lot' || (n % 97), 1 + n % 9, 100 + n % 9973"
SERIES = {
    "postgresql": "generate_series(1, {count}) AS n",
    "sqlite": "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)",
}


def fill(count: str) -> None:
    """A closed market of one lot, whose round has as many steps as asked for."""
    call_command("migrate", verbosity=0)
    bids = [{"agent": "a", "steps": [{"lot": "X", "quantity": 1, "price": 5}]}]
    head = {"mechanism": "uniform_price", "params": {}, "currency": "EUR", "exponent": 2}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    import_outcome(
        problem={**head, "lots": [{"id": "X"}], "bids": bids},
        stated=Stated(title="Many bids", source="a benchmark", closed_at=at),
    )
    tabulate_due(SCOPE)
    values = VALUES.format(tabulation=Tabulation.objects.get().pk)
    series = SERIES[connection.vendor].format(count=count)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO reports_bidrow ({COLUMNS}) SELECT {values} FROM {series}")
        cursor.execute("ANALYZE")


def shown_query() -> None:
    """The table's query with its parameters written in, for psql."""
    sql, values = query(TABLE, SCOPE, defused=True)
    connection.ensure_connection()
    print(ClientCursor(connection.connection).mogrify(sql, values))


def bare(path: Path) -> int:
    """Python's own writer over SQLite's own cursor: the same query."""
    sql, values = query(TABLE, SCOPE, defused=True)
    connection.ensure_connection()
    raw: Any = connection.connection
    raw.create_function("walras_pseudonym", 2, pseudonym, deterministic=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in TABLE.columns])
        writer.writerows(raw.execute(sql, values))
    return 0


def measure(act: Any, path: Path) -> None:
    """Time and growth of one export; a small one before it loads what is loaded once."""
    act(path, SimpleNamespace(market="mkt_none"))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    act(path, None)
    seconds = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"seconds": seconds, "bytes": path.stat().st_size, "grown_mb": grown}))


def written(suffix: str) -> Any:
    """One of our formats, warmed up on no rows."""

    def act(path: Path, small: Any) -> int:
        scope = SCOPE if small is None else Scope(market=small.market)
        return FORMATS[suffix].write(TABLE, scope, path)

    return act


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    if verb == "fill":
        fill(*rest)
    elif verb == "query":
        shown_query()
    elif verb == "bare":
        measure(lambda path, small: None if small else bare(path), Path(rest[0]))
    else:
        measure(written(verb), Path(rest[0]))
