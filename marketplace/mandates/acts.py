"""An act as a mandate sees it: the facts that rules may ask about, and the digest that an approval is bound to."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785

from marketplace.core import clock

NO_CATEGORY, THE_MARKET = "@none", "@market"  # a lot without a category, and a counterparty that nobody knows yet


@dataclass(frozen=True, slots=True)
class Act:
    """Joining a market, or raising the limit there, on conditions that do not change any more.

    `limit_minor` is the most that can be charged afterwards, `more_minor` what the act adds to it.
    """

    kind: str  # join, raise
    market: str
    title: str
    currency: str
    limit_minor: int
    more_minor: int
    mechanism: str
    disclosure: str
    closes_at: datetime
    categories: frozenset[str] = field(default=frozenset({NO_CATEGORY}))
    counterparties: frozenset[str] = field(default=frozenset({THE_MARKET}))
    new_counterparty: bool = True

    def facts(self, at: datetime, time_zone: str) -> dict[str, Any]:
        """What policies may ask about; every fact is there in every act, for a policy that lacks one is skipped."""
        local = at.astimezone(ZoneInfo(time_zone))
        return {
            "currency": self.currency,
            "limit_minor": self.limit_minor,
            "categories": sorted(self.categories),
            "counterparties": sorted(self.counterparties),
            "mechanisms": [self.mechanism],
            "disclosures": [self.disclosure],
            "new_counterparty": self.new_counterparty,
            "weekday": local.weekday(),
            "minute": local.hour * 60 + local.minute,
            "at": int(at.timestamp()),
            "closes": int(self.closes_at.timestamp()),
        }

    def document(self) -> dict[str, Any]:
        """The act as plain values: what is shown, kept and digested. When it was looked at is no part of it."""
        return {
            "kind": self.kind,
            "market": self.market,
            "title": self.title,
            "currency": self.currency,
            "limit_minor": self.limit_minor,
            "more_minor": self.more_minor,
            "mechanism": self.mechanism,
            "disclosure": self.disclosure,
            "closes_at": clock.stamp(self.closes_at),
            "categories": sorted(self.categories),
            "counterparties": sorted(self.counterparties),
            "new_counterparty": self.new_counterparty,
        }

    def digest(self) -> str:
        """SHA-256 over the canonical form. Whether the counterparty is new may change meanwhile and is left out."""
        fixed = {name: fact for name, fact in self.document().items() if name != "new_counterparty"}
        return hashlib.sha256(rfc8785.dumps(fixed)).hexdigest()


def from_document(stored: dict[str, Any]) -> Act:
    """An act that was kept."""
    sets = {name: frozenset(stored[name]) for name in ("categories", "counterparties")}
    return Act(**{**stored, **sets, "closes_at": datetime.fromisoformat(stored["closes_at"])})
