"""The list of markets: what is open, what has ended, and filters that need no script."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from marketplace.core import clock, limits
from marketplace.core.models import Event
from marketplace.core.refusals import Refusal
from marketplace.doors.finding import KNOWN_VALUES, filtered_markets
from marketplace.doors.pages.policy import public_page
from marketplace.doors.pages.programs import index_json, refused_json, wants_json
from marketplace.doors.pages.words import PHASES, variant
from marketplace.doors.paging import Paging, cursor_unknown, cut
from marketplace.markets.catalogue import rule, rules
from marketplace.markets.models import Market
from marketplace.preferences.categories import listed_categories

RECENT = 30
OFFERED = ("text", "state", "mechanism", "category")  # of the filters that agents have, those for people
NO_DEAL_SHORT = {"no_trade": "no trade", "void": "void", "no_equilibrium": "no prices", "disagreement": "no deal"}


@dataclass
class Found:
    """Open markets, the next to close first; those that ended last; `earlier`: where the next page begins."""

    running: list[Market] = field(default_factory=list)
    ended: list[Market] = field(default_factory=list)
    more_open: bool = False
    earlier: str | None = None


@require_safe
def index_page(request: HttpRequest) -> HttpResponse:
    """The list, filtered; empty fields of the form are no filters."""
    stated = {name: value for name, value in request.GET.items() if value and name in (*OFFERED, "cursor")}
    filters = {name: value for name, value in stated.items() if name in OFFERED}
    try:
        found = _found(filters, stated.get("cursor"))
    except Refusal as refusal:
        if wants_json(request):
            return refused_json(refusal)
        return public_page(request, "index.html", _form(filters) | {"refused": refusal.detail}, status=400)
    if wants_json(request):
        return index_json([*found.running, *found.ended])
    return public_page(request, "index.html", _form(filters) | _rows(found, filters))


def _found(filters: dict[str, str], cursor: str | None) -> Found:
    rows = filtered_markets(filters, None)
    found = Found()
    if cursor is None:
        soonest = rows.filter(state=Market.State.OPEN).order_by("closes_at", "pk")
        running = list(soonest[: limits.PAGE_ROWS + 1])
        found.running, found.more_open = running[: limits.PAGE_ROWS], len(running) > limits.PAGE_ROWS
    ended = _before(rows.exclude(state=Market.State.OPEN), cursor).order_by("-closes_at", "-pk")
    found.ended, found.earlier = cut(list(ended[: RECENT + 1]), Paging(cursor, RECENT))
    return found


def _before(rows: QuerySet[Market], cursor: str | None) -> QuerySet[Market]:
    """What ended before the market that the last page ended with."""
    if cursor is None:
        return rows
    last = Market.objects.filter(ref=cursor).exclude(state=Market.State.DRAFT).first()
    if last is None:
        raise cursor_unknown(cursor)
    return rows.filter(Q(closes_at__lt=last.closes_at) | Q(closes_at=last.closes_at, pk__lt=last.pk))


def _form(filters: dict[str, str]) -> dict[str, Any]:
    """The fields with what was chosen."""
    return {
        "filters": filters,
        "states": [(state, PHASES[state].label) for state in KNOWN_VALUES["state"]()],
        "rules": sorted((found["slug"], found["title"]) for found in rules()),
        "categories": [(found["id"], found.get("title", found["id"])) for found in listed_categories()],
        "live": {"now": clock.stamp(clock.now())},
    }


def _rows(found: Found, filters: dict[str, str]) -> dict[str, Any]:
    results = _results({market.stream: market for market in found.ended})
    rows = [_row(market, results.get(market.stream, "")) for market in (*found.running, *found.ended)]
    earlier = urlencode({**filters, "cursor": found.earlier}) if found.earlier else ""
    return {
        "open": rows[: len(found.running)],
        "ended": rows[len(found.running) :],
        "more_open": found.more_open,
        "earlier": earlier,
    }


def _results(streams: dict[str, Market]) -> dict[str, str]:
    """How each of these markets ended, from its public events: small rows, not the outcomes themselves."""
    events = Event.objects.filter(stream__name__in=streams, kind="round.cleared").select_related("stream")
    return {event.stream.name: _result(json.loads(event.payload)) for event in events.order_by("seq")}


def _result(facts: dict[str, Any]) -> str:
    if facts["status"] in NO_DEAL_SHORT:
        return NO_DEAL_SHORT[facts["status"]]
    if variant("round.cleared", facts) != "/one":
        sold = sum(quantity > 0 for quantity in facts["traded"].values())
        return f"{sold:,} lot{'' if sold == 1 else 's'} traded"
    (lot, price) = next(iter(facts["prices_text"].items()))
    return f"{facts['traded'].get(lot, 0):,} at {price}"


def _row(market: Market, result: str) -> dict[str, Any]:
    label = PHASES["cleared" if result and market.state == Market.State.CLOSED else market.state].label
    return {
        "market": market,
        "rule": rule(market.mechanism).title,
        "label": label,
        "agents": f"{market.participants:,}",
        "result": result,
    }
