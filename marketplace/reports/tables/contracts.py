"""Contracts: one row an award's contract between a bidder and a seller, and what became of it."""

from marketplace.clearing.models import Contract
from marketplace.reports.columns import MARKET, ROUND, Column, Table, of

COLUMNS = (
    MARKET,
    ROUND,
    Column("participant", "party", "a.ref", "the bidder: a pseudonym, the same as in the other tables"),
    Column("seller", "party", "s.ref", "the seller, as a pseudonym; empty: the market itself"),
    of(Contract, "state", "text", help="what became of it"),
    of(Contract, "amount_minor", "integer"),
    of(Contract, "refund_minor", "integer"),
    of(Contract, "answer_by", "instant", help="the seller had to accept or refuse by then; empty: it was not asked"),
    of(Contract, "answered_at", "instant", help="when the seller did"),
    of(Contract, "cancelled_at", "instant", help="when one of the two cancelled it under the market's terms"),
    of(Contract, "created_at", "instant", help="when it came about"),
)
TABLE = Table(
    "contracts",
    "one row a contract that an award led to",
    COLUMNS,
    "clearing_contract t JOIN markets_market m ON m.id = t.market_id JOIN markets_round r ON r.id = t.round_id "
    "JOIN bidding_participation p ON p.id = t.participation_id JOIN agents_agent a ON a.id = p.agent_id "
    "LEFT JOIN agents_agent s ON s.id = t.seller_id",
    "t.id",
    "named",
)
