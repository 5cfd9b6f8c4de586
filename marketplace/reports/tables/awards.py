"""Awards: one row a participant and lot."""

from marketplace.reports.columns import MARKET, ROUND, TABULATED, Table, of, party
from marketplace.reports.models import AwardRow

COLUMNS = (
    MARKET,
    ROUND,
    party(AwardRow),
    of(AwardRow, "lot", "text", free=True),
    of(AwardRow, "quantity", "integer"),
    of(AwardRow, "position", "integer"),
    of(AwardRow, "price", "integer"),
    of(AwardRow, "reported_value", "integer"),
    of(AwardRow, "payment", "integer"),
)
TABLE = Table(
    "awards",
    "one row what a participant got of one lot in a round",
    COLUMNS,
    TABULATED.format(table="reports_awardrow"),
    "t.id",
    "named",
)
