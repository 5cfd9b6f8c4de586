"""Lots: one row a lot of a market."""

from marketplace.markets.models import Lot
from marketplace.reports.columns import MARKET, Column, Table, of

COLUMNS = (
    MARKET,
    Column("lot", "text", "t.name", "its name in bids", (), True),
    of(Lot, "title", "text", help="what it is", free=True),
    of(Lot, "supply", "integer"),
    of(
        Lot,
        "reserve",
        "integer",
        help="least price of a unit, in the market's units; where the market buys, the highest",
    ),
    Column(
        "seller",
        "party",
        "CASE WHEN {named} THEN a.ref END",
        "who owns it, as a pseudonym, where the market's disclosure names participants",
    ),
    of(Lot, "category", "text"),
    of(Lot, "attributes", "json", help="its attributes, by name"),
)
TABLE = Table(
    "lots",
    "one row a lot of a market",
    COLUMNS,
    "markets_lot t JOIN markets_market m ON m.id = t.market_id LEFT JOIN agents_agent a ON a.id = t.seller_id",
    "t.id",
)
