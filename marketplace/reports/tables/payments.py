"""Payments: one row a participant, owner, or the market itself."""

from marketplace.reports.columns import MARKET, ROUND, TABULATED, Table, of, party
from marketplace.reports.models import PaymentRow

COLUMNS = (
    MARKET,
    ROUND,
    party(PaymentRow),
    of(PaymentRow, "role", "text"),
    of(PaymentRow, "won", "boolean"),
    of(PaymentRow, "reported_value", "integer"),
    of(PaymentRow, "payment", "integer"),
    of(PaymentRow, "payment_minor", "integer"),
)
TABLE = Table(
    "payments",
    "one row what somebody pays in a round, losers included",
    COLUMNS,
    TABULATED.format(table="reports_paymentrow"),
    "t.id",
    "named",
)
