"""The addresses of the pages, and what each of them shows."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.core import clock, limits
from marketplace.core.models import Event, Stream
from marketplace.core.money import amount_text
from marketplace.core.refusals import Refusal
from marketplace.doors.pages.outcomes import result_of
from marketplace.doors.pages.programs import index_json, market_json, refused_json, wants_json
from marketplace.doors.pages.words import (
    PHASES,
    STEPS,
    browser_words,
    event_words,
    joins_folded,
    phase_of,
    variant,
)
from marketplace.markets.catalogue import rule
from marketplace.markets.models import Market, Round
from marketplace.markets.terms import find_market

RECENT = 30
NO_DEAL_SHORT = {"no_trade": "no trade", "void": "void", "no_equilibrium": "no prices", "disagreement": "no deal"}
TOLD = {
    Market.Disclosure.OWN_ONLY: "prices and quantities; to each agent its own result",
    Market.Disclosure.PSEUDONYMOUS: "also the curves, and who traded by pseudonym",
    Market.Disclosure.PUBLIC: "everything, by pseudonym: all bids can be recomputed",
}
# Nothing is loaded from elsewhere, nothing runs that is written into the page, and nobody frames it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@require_safe
def index_page(request: HttpRequest) -> HttpResponse:
    """Open markets, the next to close first, and those that ended last."""
    shown = Market.objects.exclude(state=Market.State.DRAFT)
    running = list(shown.filter(state=Market.State.OPEN).order_by("closes_at")[: limits.PAGE_ROWS])
    ended = list(shown.exclude(state=Market.State.OPEN).order_by("-closes_at")[:RECENT])
    if wants_json(request):
        return index_json([*running, *ended])
    results = _results({market.stream: market for market in ended})
    rows = [_row(market, results.get(market.stream, "")) for market in (*running, *ended)]
    moment = {"now": clock.stamp(clock.now())}
    return _page(request, "index.html", {"open": rows[: len(running)], "ended": rows[len(running) :], "live": moment})


@require_safe
def thanks_page(request: HttpRequest) -> HttpResponse:
    """Where Stripe's pages send people back to; that they came proves nothing, and nothing follows from it."""
    return _page(request, "thanks.html", {})


@require_safe
def market_page(request: HttpRequest, market_ref: str) -> HttpResponse:
    """One market: complete without a script, live with one."""
    head = Stream.objects.filter(name=f"market:{market_ref}").values_list("head", flat=True).first() or 0
    try:
        market = find_market(market_ref)  # read after the head: an event shown twice is harmless, one missed is not
    except Refusal as refusal:
        return refused_json(refusal) if wants_json(request) else _page(request, "missing.html", {}, status=404)
    if wants_json(request):
        return market_json(market)
    return _page(request, "market.html", _shown(market, head))


@require_safe
def outcome_fragment(request: HttpRequest, market_ref: str) -> HttpResponse:
    """The part of the page that a clearing brings, for the script to put in its place."""
    try:
        market = find_market(market_ref)
    except Refusal:
        return _page(request, "missing.html", {}, status=404)
    return _page(request, "_outcome.html", _outcome(market, _last_round(market)))


def _page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, f"pages/{name}", {"now": clock.now(), **context}, status=status)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-cache"
    response["Vary"] = "Accept"
    return response


def _shown(market: Market, head: int) -> dict[str, Any]:
    last = _last_round(market)
    phase = phase_of(market, last)
    spec = rule(market.mechanism)
    return {
        "phase": phase,
        "phase_words": PHASES[phase],
        "steps": STEPS,
        "spec": spec,
        "unit": amount_text(1, market.exponent, market.currency),
        "told": TOLD[market.disclosure],
        "truthful": spec.holds("truthful"),
        "lots": [_lot(market, lot) for lot in market.lots.select_related("seller").order_by("name")],
        "events": _events(market, head),
        "live": {
            "ref": market.ref,
            "after": head,
            "now": clock.stamp(clock.now()),
            "closes_at": clock.stamp(market.closes_at),
            "phase": phase,
            **browser_words(),
        },
        **_outcome(market, last),
    }


def _last_round(market: Market) -> Round | None:
    return market.rounds.defer("problem", "outcome").order_by("-n").first()


def _outcome(market: Market, last: Round | None) -> dict[str, Any]:
    cleared = last is not None and last.state == Round.State.CLEARED
    result = result_of(last.ref) if cleared and last is not None else None
    return {"market": market, "agents": f"{market.participants:,}", "result": result}


def _lot(market: Market, lot: Any) -> dict[str, Any]:
    reserve = amount_text(lot.reserve, market.exponent, market.currency) if lot.reserve else ""
    return {"lot": lot, "reserve": reserve, "attributes": sorted(lot.attributes.items())}


def _events(market: Market, head: int) -> list[dict[str, Any]]:
    """The public stream in words, newest first."""
    rows = Event.objects.filter(stream__name=market.stream, seq__lte=head)
    told = rows.exclude(kind="market.joined").order_by("-seq")[: limits.PAGE_ROWS]
    joined = rows.filter(kind="market.joined").order_by("-seq")[:1]
    events = joins_folded(sorted([*told, *joined], key=lambda event: event.seq))
    return [
        {"kind": event.kind, "at": event.at, "words": event_words(event.kind, json.loads(event.payload))}
        for event in reversed(events)
    ]


def _results(streams: dict[str, Market]) -> dict[str, str]:
    """How each of these markets ended, from its public events: small rows, not the outcomes themselves."""
    events = Event.objects.filter(stream__name__in=streams, kind="round.cleared").select_related("stream")
    found = {}
    for event in events.order_by("seq"):
        facts = json.loads(event.payload)
        single = variant(event.kind, facts) == "/one"
        found[event.stream.name] = _deal(facts) if single else NO_DEAL_SHORT.get(facts["status"], "lot by lot")
    return found


def _deal(facts: dict[str, Any]) -> str:
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
