"""Measures: one row a number about a standing outcome."""

from marketplace.reports.columns import MARKET, ROUND, TABULATED, Column, Table, of, party
from marketplace.reports.models import MeasureRow

STANDING = "r.state = 'cleared'"
COLUMNS = (
    MARKET,
    ROUND,
    of(MeasureRow, "measure", "text"),
    of(MeasureRow, "per", "text"),
    Column("subject", "text", "NULLIF(t.subject, '')", str(MeasureRow._meta.get_field("subject").help_text), (), True),
    party(MeasureRow),
    of(MeasureRow, "value", "number"),
)
TABLE = Table(
    "measures",
    "one row a measure of a standing outcome, its sides, participants or lots",
    COLUMNS,
    TABULATED.format(table="reports_measurerow"),
    "t.id",
    "named",
    STANDING,
)
