"""Statements: what a balance's owner sees of it, entry by entry, newest first."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from marketplace.agents.models import Principal
from marketplace.settlement.ledger import Kind
from marketplace.settlement.models import Balance, Journal, Transfer

OUT = {Kind.PENDING: "held", Kind.POST_PENDING: "paid", Kind.VOID_PENDING: "released"}
WHAT = ("topped_up", "held", "paid", "released", "refunded", "withdrawn", "owed", "collected")
SHOWN = (Kind.POSTED, Kind.POST_PENDING)  # of what comes in: a promise of it is nothing yet


class Line(NamedTuple):
    """One entry: what happened to so much of the balance, in which market, if any."""

    at: datetime
    what: str
    amount_minor: int
    market: str | None
    reference: str


def balances_of(principal: Principal) -> list[Balance]:
    """The principal's balances, by currency."""
    rows = Balance.objects.filter(principal=principal).select_related("journal")
    return list(rows.order_by("currency"))


def lines(journal: Journal, most: int) -> list[Line]:
    """The newest entries of the balance of these books."""
    account = journal.name
    rows = Transfer.objects.filter(Q(debit=account) | Q(credit=account, kind__in=SHOWN)).select_related("journal")
    return [_line(row, account) for row in rows.order_by("-pk")[:most]]


def _line(row: Transfer, account: str) -> Line:
    name = row.journal.name
    market = name.partition(":")[2] if name != account else None
    return Line(row.at, _what(row, account), row.amount_minor, market, row.reference)


def _what(row: Transfer, account: str) -> str:
    if row.credit == account:
        other = "collected" if row.kind == Kind.POST_PENDING else "refunded"
        return "topped_up" if row.debit.startswith("payer:") else other
    return OUT.get(Kind(row.kind), "withdrawn" if row.credit.startswith("payer:") else "owed")
