"""Bids: one row a part of a standing bid, after the close and where the market discloses them."""

from marketplace.reports.columns import MARKET, ROUND, TABULATED, Table, of, party
from marketplace.reports.models import BidRow

COLUMNS = (
    MARKET,
    ROUND,
    party(BidRow),
    of(BidRow, "part", "integer"),
    of(BidRow, "kind", "text"),
    of(BidRow, "lot", "text", free=True),
    of(BidRow, "quantity", "integer"),
    of(BidRow, "price", "integer"),
    of(BidRow, "value", "integer"),
    of(BidRow, "bundle", "json"),
    of(BidRow, "budget", "integer"),
)
TABLE = Table(
    "bids",
    "one row an atom, step or offer of a standing bid",
    COLUMNS,
    TABULATED.format(table="reports_bidrow"),
    "t.id",
    "public",
)
