"""Markets: one row a market that has closed."""

from marketplace.markets.models import Market
from marketplace.reports.columns import MARKET, Column, Table, of
from marketplace.reports.models import Imported

COLUMNS = (
    MARKET,
    of(Market, "title", "text", alias="m", help="its title", free=True),
    of(Market, "mechanism", "text", alias="m"),
    of(Market, "params", "json", alias="m"),
    of(Market, "currency", "text", alias="m", help="ISO 4217 code of the currency"),
    of(
        Market, "exponent", "integer", alias="m", help="amounts count 10^-exponent of the currency, unless named _minor"
    ),
    of(Market, "disclosure", "text", alias="m", help="what is told of it, and so which tables have its rows"),
    of(Market, "money", "text", alias="m", help="how it is taken: limits held at joining, or charged at clearing"),
    of(Market, "on_default", "text", alias="m"),
    of(Market, "deposit_minor", "integer", alias="m"),
    of(Market, "most_minor", "integer", alias="m"),
    of(Market, "fee_bp", "integer", alias="m"),
    of(Market, "accept_within_s", "integer", alias="m"),
    of(Market, "cancellation", "json", alias="m"),
    of(Market, "several_agents", "boolean", alias="m"),
    of(Market, "state", "text", alias="m", help="closed, settled (all money has moved), or cancelled"),
    of(Market, "opens_at", "instant", alias="m", help="when it opened, where a time was set"),
    of(Market, "closes_at", "instant", alias="m", help="when it closed"),
    of(Market, "settled_at", "instant", alias="m", help="when the last money had moved"),
    of(Market, "cancel_reason", "text", alias="m", help="why it was cancelled", free=True),
    of(Market, "participants", "integer", alias="m", help="how many joined"),
    Column(
        "source", "text", "i.source", str(Imported._meta.get_field("source").help_text) + "; empty: held here", (), True
    ),
)
TABLE = Table(
    "markets",
    "one row a market that has closed",
    COLUMNS,
    "markets_market m LEFT JOIN reports_imported i ON i.market_id = m.id",
    "m.id",
)
