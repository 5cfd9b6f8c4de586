"""The page of one market, and the one to which Stripe sends people back."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from marketplace.core import clock, limits
from marketplace.core.models import Event, Stream
from marketplace.core.money import amount_text
from marketplace.core.refusals import Refusal
from marketplace.doors.pages.outcomes import result_of
from marketplace.doors.pages.playing import BY_HAND
from marketplace.doors.pages.policy import public_page
from marketplace.doors.pages.programs import market_json, refused_json, wants_json
from marketplace.doors.pages.words import PHASES, STEPS, browser_words, event_words, joins_folded, phase_of
from marketplace.doors.papers import paper_response
from marketplace.mandates.words import kind_words
from marketplace.markets.catalogue import rule
from marketplace.markets.models import Market, Round
from marketplace.markets.terms import find_market

FEW = 4  # lots that show all they have; where there are more, each opens by itself
TOLD = {
    Market.Disclosure.OWN_ONLY: "prices and quantities; to each agent its own result",
    Market.Disclosure.PSEUDONYMOUS: "also the curves, and who traded by pseudonym",
    Market.Disclosure.PUBLIC: "everything, by pseudonym: all bids can be recomputed",
}


@require_safe
def thanks_page(request: HttpRequest) -> HttpResponse:
    """Where Stripe's pages send people back to; that they came proves nothing, and nothing follows from it."""
    return public_page(request, "thanks.html", {})


@require_safe
def market_page(request: HttpRequest, market_ref: str) -> HttpResponse:
    """One market: complete without a script, live with one."""
    head = Stream.objects.filter(name=f"market:{market_ref}").values_list("head", flat=True).first() or 0
    try:
        market = find_market(market_ref)  # read after the head: an event shown twice is harmless, one missed is not
    except Refusal as refusal:
        return refused_json(refusal) if wants_json(request) else public_page(request, "missing.html", {}, status=404)
    if wants_json(request):
        return market_json(market)
    return public_page(request, "market.html", _shown(market, head))


@require_safe
def report_page(request: HttpRequest, market_ref: str) -> HttpResponse:
    """The report of a market: what its disclosure tells everybody, drawn."""
    return _report(request, market_ref, "html")


@require_safe
def report_pdf(request: HttpRequest, market_ref: str) -> HttpResponse:
    """The same on paper."""
    return _report(request, market_ref, "pdf")


def _report(request: HttpRequest, market_ref: str, form: str) -> HttpResponse:
    try:
        return paper_response(find_market(market_ref), form)
    except Refusal as refusal:
        return public_page(request, "refused.html", {"refusal": refusal}, status=refusal.status)


@require_safe
def outcome_fragment(request: HttpRequest, market_ref: str) -> HttpResponse:
    """The part of the page that a clearing brings, for the script to put in its place."""
    try:
        market = find_market(market_ref)
    except Refusal:
        return public_page(request, "missing.html", {}, status=404)
    return public_page(request, "_outcome.html", _outcome(market, _last_round(market)))


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
        "by_hand": market.mechanism in BY_HAND and market.state == Market.State.OPEN,
        "truthful": spec.holds("truthful", market.params),
        "lots": [_lot(market, lot) for lot in market.lots.select_related("seller").order_by("name")],
        "few": FEW,
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
    kind = kind_words(lot.category) if lot.category else ""
    return {"lot": lot, "kind": kind, "reserve": reserve, "attributes": sorted(lot.attributes.items())}


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
