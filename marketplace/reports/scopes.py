"""Which markets an export is about, and what of each their disclosure lets it show."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from marketplace.core import clock
from marketplace.markets.models import Market, Round
from marketplace.reports.columns import Level

CLOSED = (Market.State.CLOSED, Market.State.SETTLED, Market.State.CANCELLED)
DISCLOSED: dict[str, tuple[str, ...]] = {
    "named": (Market.Disclosure.PSEUDONYMOUS, Market.Disclosure.PUBLIC),
    "public": (Market.Disclosure.PUBLIC,),
}


@dataclass(frozen=True)
class Scope:
    """Markets that have closed: all, since an instant, one of them, or those of one operator, which it sees in full.

    Bids stand in rows only once a round has cleared, so nothing sealed can come into an export. Pseudonyms hang on the
    salt, which nobody keeps: two exports cannot be joined by them.
    """

    since: datetime | None = None
    market: str | None = None
    operator: int | None = None
    salt: bytes = field(default_factory=lambda: os.urandom(32), repr=False)

    def shown(self, level: Level) -> str:
        """SQL: whether a market's disclosure lets rows of this level be shown."""
        if level == "all" or self.operator is not None:
            return "TRUE"
        return "m.disclosure IN (" + ", ".join(f"'{value}'" for value in DISCLOSED[level]) + ")"

    def where(self, mark: str) -> tuple[str, dict[str, Any]]:
        """SQL: whether a market is meant; `mark` writes a parameter as this database wants it."""
        states = ", ".join(f"'{state}'" for state in CLOSED)
        parts = [f"m.state IN ({states})"]
        values: dict[str, Any] = {}
        if self.since is not None:
            parts.append(f"m.closes_at >= {mark.format('since')}")
            values["since"] = self.since
        if self.market is not None:
            parts.append(f"m.ref = {mark.format('market')}")
            values["market"] = self.market
        if self.operator is not None:
            parts.append(f"m.operator_id = {mark.format('operator')}")
            values["operator"] = self.operator
        return " AND ".join(parts), values

    def markets(self) -> QuerySet[Market]:
        """The same markets as rows."""
        meant = Q(state__in=CLOSED)
        if self.since is not None:
            meant &= Q(closes_at__gte=self.since)
        if self.market is not None:
            meant &= Q(ref=self.market)
        if self.operator is not None:
            meant &= Q(operator_id=self.operator)
        return Market.objects.filter(meant)

    def disclosing(self, level: Level) -> QuerySet[Market]:
        """Those of which rows of this level are shown."""
        if level == "all" or self.operator is not None:
            return self.markets()
        return self.markets().filter(disclosure__in=DISCLOSED[level])

    def rounds(self) -> QuerySet[Round]:
        """Their rounds that have an outcome."""
        states = (Round.State.CLEARED, Round.State.SUPERSEDED)
        return Round.objects.filter(market__in=self.markets(), state__in=states).exclude(outcome="")

    def told(self) -> dict[str, Any]:
        """The same in words, for the export itself."""
        return {"since": clock.stamp(self.since), "market": self.market, "in_full": self.operator is not None}
