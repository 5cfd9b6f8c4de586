"""Rows as CSV that a spreadsheet opens without harm."""

import csv
import io
from typing import Any

from marketplace.reports.outcomes import COLUMNS, Row
from marketplace.reports.queries import DANGEROUS


def as_csv(rows: list[Row]) -> str:
    """A header and the rows; text that a spreadsheet would take for a formula is defused by an apostrophe."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows({name: _safe(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _safe(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(DANGEROUS) else value
