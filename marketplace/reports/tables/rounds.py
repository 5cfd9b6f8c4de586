"""Rounds: one row a clearing."""

from marketplace.markets.models import Round
from marketplace.reports.columns import MARKET, ROUND, Column, Table, of
from marketplace.reports.models import Tabulation

COLUMNS = (
    MARKET,
    ROUND,
    of(Round, "state", "text", alias="r", help="cleared: it stands; superseded: a later one took its place; failed"),
    of(Round, "status", "text", alias="r"),
    of(
        Round,
        "digest",
        "text",
        alias="r",
        help="SHA-256 over problem, rule version and outcome; what a replay compares",
    ),
    Column("rule_version", "integer", "b.rule_version", str(Tabulation._meta.get_field("rule_version").help_text)),
    of(Round, "binding", "boolean", alias="r"),
    of(Round, "reason", "text", alias="r", free=True),
    of(Round, "created_at", "instant", alias="r", help="when it fell due"),
    of(Round, "finished_at", "instant", alias="r", help="when it was cleared or had failed"),
)
TABLE = Table(
    "rounds",
    "one row a clearing of a market",
    COLUMNS,
    "markets_round r JOIN markets_market m ON m.id = r.market_id LEFT JOIN reports_tabulation b ON b.round_id = r.id",
    "r.id",
)
