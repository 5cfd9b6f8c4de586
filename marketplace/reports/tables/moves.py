"""Moves: one row an act in a rule of turns."""

from marketplace.reports.columns import MARKET, ROUND, TABULATED, Table, of, party
from marketplace.reports.models import MoveRow

COLUMNS = (
    MARKET,
    ROUND,
    of(MoveRow, "n", "integer"),
    party(MoveRow),
    of(MoveRow, "type", "text"),
    of(MoveRow, "data", "json"),
    of(MoveRow, "at", "text"),
)
TABLE = Table(
    "moves",
    "one row a move in a rule of turns",
    COLUMNS,
    TABULATED.format(table="reports_moverow"),
    "t.id",
    "public",
)
