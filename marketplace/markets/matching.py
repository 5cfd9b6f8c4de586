"""Preferences against the lots of markets: which admit one, and who is told when such a market opens."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from marketplace.agents.inbox import told
from marketplace.core import clock, limits, streams
from marketplace.markets.models import Market
from marketplace.markets.terms import Terms, all_terms, read_terms
from marketplace.preferences.services import alerts
from mechanisms import preferences as language
from mechanisms.errors import ProblemError
from mechanisms.preferences import Preference, Preview


def preview_in(terms: Terms, preference: Preference, agent_ref: str) -> Preview:
    """The preference judged on the market's lots, the agent's own left out; ProblemError for another currency."""
    own = any(lot.seller == agent_ref for lot in terms.lots.values())
    return language.preview(
        preference,
        [lot for lot in terms.lots.values() if lot.seller != agent_ref],
        currency=terms.currency,
        exponent=terms.exponent,
        categories=terms.categories,
        tables=None if own else terms.tables,
    )


def admits(terms: Terms, preference: Preference, agent_ref: str) -> bool:
    """Whether the market has a lot that qualifies; what cannot be judged there does not."""
    try:
        return preview_in(terms, preference, agent_ref).admits_any()
    except ProblemError:
        return False


def admitted_markets(rows: Any, preference: Preference, agent_ref: str) -> list[int]:
    """Of these markets the keys of those that are open and have such a lot; only so many are looked at."""
    refs = rows.filter(state=Market.State.OPEN).values_list("pk", "ref")[: limits.MARKETS_MATCHED]
    terms = all_terms([ref for _, ref in refs])
    return [key for key, ref in refs if ref in terms and admits(terms[ref], preference, agent_ref)]


def open_matches(preference: Preference, agent_ref: str) -> list[tuple[Market, dict[str, list[dict[str, Any]]]]]:
    """Open markets that have such a lot, soonest close first: by item the lots, each with its worth in words."""
    open_ = Market.objects.filter(state=Market.State.OPEN, invited_only=False).order_by("closes_at")
    found = []
    looked_at = list(open_[: limits.MARKETS_MATCHED])
    terms = all_terms([market.ref for market in looked_at])
    for market in looked_at:
        try:
            seen = preview_in(terms[market.ref], preference, agent_ref)
        except ProblemError:
            continue
        if seen.admits_any():
            found.append((market, seen.qualifying(limits.LOTS_TOLD)))
    return found[: limits.MARKETS_TOLD]


def alert_due() -> int:
    """Tell who waits for it that a market has opened, once a market: claim and events are one transaction."""
    due = Market.objects.filter(state=Market.State.OPEN, alerted=False).order_by("pk")[: limits.SWEEP_BATCH]
    return sum(_alert(market) for market in due)


@transaction.atomic
def _alert(market: Market) -> int:
    if Market.objects.filter(pk=market.pk, alerted=False).update(alerted=True) != 1:
        return 0
    terms = read_terms(market)
    if terms.tables and not market.invited_only:
        facts: Mapping[str, Any] = {"market": market.ref, "closes_at": clock.stamp(market.closes_at)}
        entries = [
            told(row.agent.ref, "market.matched", {**facts, "preference": row.ref})
            for row, preference in alerts()
            if admits(terms, preference, row.agent.ref)
        ]
        streams.append_all(entries)
    return 1
