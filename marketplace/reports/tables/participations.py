"""Participations: one row a participant of a cleared round."""

from marketplace.reports.columns import MARKET, ROUND, TABULATED, Column, Table, of, party
from marketplace.reports.models import PartyRow

LIMIT = str(PartyRow._meta.get_field("limit_minor").help_text)
COLUMNS = (
    MARKET,
    ROUND,
    party(PartyRow),
    of(PartyRow, "side", "text"),
    Column(
        "limit_minor", "integer", "CASE WHEN {public} THEN t.limit_minor END", f"{LIMIT}; only where bids are disclosed"
    ),
    of(PartyRow, "joined_at", "instant"),
    of(PartyRow, "bids_made", "integer"),
)
TABLE = Table(
    "participations",
    "one row a participant of a round",
    COLUMNS,
    TABULATED.format(table="reports_partyrow"),
    "t.id",
    "named",
)
