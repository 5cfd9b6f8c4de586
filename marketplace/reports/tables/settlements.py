"""Settlements: one row an obligation, and what became of it."""

from marketplace.reports.columns import MARKET, ROUND, Column, Table, of
from marketplace.settlement.models import Obligation

COLUMNS = (
    MARKET,
    ROUND,
    Column(
        "participant",
        "party",
        "COALESCE(a.ref, t.reference)",
        "who owes or is owed: a pseudonym, the same as in the other tables",
    ),
    of(Obligation, "kind", "text", help="collect, payout, or what gives (part of) one back: refund, reversal"),
    Column(
        "amount_minor",
        "integer",
        "t.amount_minor - t.arrears_minor",
        "in minor units of the currency, always positive; without what was owed from other markets",
    ),
    of(Obligation, "fee_minor", "integer"),
    of(Obligation, "currency", "text", help="ISO 4217 code of the currency"),
    of(Obligation, "state", "text", help="what became of it"),
    of(Obligation, "created_at", "instant", help="when it came about"),
    of(Obligation, "settled_at", "instant", help="when it was paid or given up"),
)
TABLE = Table(
    "settlements",
    "one row an obligation made by an outcome",
    COLUMNS,
    "settlement_obligation t JOIN markets_round r ON r.ref = t.round_ref JOIN markets_market m ON m.id = r.market_id "
    "LEFT JOIN bidding_participation p ON p.ref = t.reference LEFT JOIN agents_agent a ON a.id = p.agent_id",
    "t.id",
    "named",
)
