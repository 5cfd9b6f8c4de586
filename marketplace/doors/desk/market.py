"""A market's page for its operator: what happened, what may be done, and how it ended; never a sealed bid."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from marketplace.clearing.packages import verify_again
from marketplace.core.models import Event
from marketplace.core.refusals import Refusal
from marketplace.doors.desk.acts import Act, Asked, offered
from marketplace.doors.desk.reporting import export_formats
from marketplace.doors.pages.outcomes import result_of
from marketplace.doors.pages.words import event_words
from marketplace.markets.catalogue import rule
from marketplace.markets.desk.badges import badges
from marketplace.markets.models import Market, Round
from marketplace.settlement.models import Obligation

HIDDEN = ("seed", "bid_key", "sealed_bid_key", "last_bid")
EVENTS_SHOWN = 100


def market_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Timeline, counts that do not leak, buttons; after the close what the market's disclosure tells."""
    market = get_object_or_404(Market.objects.defer(*HIDDEN).select_related("journal"), pk=pk)
    last = market.rounds.defer("problem", "outcome").order_by("-n").first()
    cleared = last if last is not None and last.state == Round.State.CLEARED else None
    spec = rule(market.mechanism)
    context = {
        "title": market.title,
        "market": market,
        "spec": spec,
        "badges": badges(spec, market.params),
        "lots": market.lots.count(),
        "acts": offered(market, last) if request.user.has_perm("markets.change_market") else [],
        "round": last,
        "result": result_of(cleared.ref) if cleared is not None else None,
        "formats": export_formats(market) if request.user.has_perm("reports.add_export") else [],
        "events": list(_timeline(market)),
        "obligations": _obligations(cleared) if request.user.has_perm("settlement.view_obligation") else None,
    }
    return TemplateResponse(request, "admin/desk/market.html", {**admin.site.each_context(request), **context})


def _timeline(market: Market) -> Iterator[tuple[Any, str]]:
    rows = Event.objects.filter(stream__name=market.stream).order_by("-seq")[:EVENTS_SHOWN]
    for row in rows:
        yield row.at, event_words(row.kind, json.loads(row.payload))


def _obligations(cleared: Round | None) -> list[Obligation]:
    if cleared is None:
        return []
    return list(Obligation.objects.filter(round_ref=cleared.ref).order_by("pk")[:EVENTS_SHOWN])


def acting(act: Act) -> Callable[..., HttpResponse]:
    """The view behind one button."""

    @require_POST
    def pressed(request: HttpRequest, pk: int) -> HttpResponse:
        return _press(request, get_object_or_404(Market.objects.select_related("journal"), pk=pk), act)

    return pressed


def _press(request: HttpRequest, market: Market, act: Act) -> HttpResponse:
    """What a service refuses is said, and nothing has happened."""
    asked = Asked(f"staff {request.user.pk}", request.POST.get("reason", ""), request.POST.get("closes_at", ""))
    try:
        done = act.do(market, asked)
    except Refusal as refusal:
        messages.error(request, f"{act.label}: refused. {refusal.detail} {refusal.next}")
        return HttpResponseRedirect(reverse("admin:desk-market", args=[market.pk]))
    if done:
        messages.success(request, f"{act.label}: done.")
    else:
        messages.warning(request, f"{act.label}: nothing has changed, for the market stands elsewhere by now.")
    if isinstance(done, Market):
        return HttpResponseRedirect(reverse("admin:markets_market_change", args=[done.pk]))
    return HttpResponseRedirect(reverse("admin:desk-market", args=[market.pk]))


@require_POST
def verify_market(request: HttpRequest, pk: int) -> HttpResponse:
    """Check the standing outcome again from its package, and name what is wrong by its place."""
    market = get_object_or_404(Market, pk=pk)
    try:
        digest, findings = verify_again(market)
    except Refusal as refusal:
        messages.error(request, refusal.detail)
    else:
        for finding in findings[:5]:
            messages.error(request, f"{finding.code} at {finding.pointer or '/'}")
        if not findings:
            messages.success(request, f"Verified again: {digest}")
    return HttpResponseRedirect(reverse("admin:desk-market", args=[pk]))
