"""Asks: what agents want to do and may not do alone; answered once, in time, and about the very act."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from marketplace.agents.models import Principal
from marketplace.core import clock, limits
from marketplace.doors.pages.me.person import attempt, of_person, page
from marketplace.mandates.checkins import NO, YES, answer_checkin, shown
from marketplace.mandates.models import CheckIn

BECAME = {
    "approved": "You said yes; it is being done.",
    "done": "You said yes, and it was done.",
    "declined": "You said no.",
    "lapsed": "There was no answer in time, so nothing was done.",
    "void": "You said yes, but then it was not possible any more. Nothing was done.",
}
SAID = {YES: "Said yes. Your agent goes on.", NO: "Said no. Nothing is done."}


@of_person
def asks_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """What waits for an answer, soonest first, and what was answered lately."""
    rows = CheckIn.objects.filter(principal=principal).select_related("agent")
    waiting = rows.filter(state=CheckIn.State.PENDING, answer_by__gt=clock.now()).order_by("answer_by")
    past = rows.exclude(pk__in=waiting).order_by("-pk")[: limits.PAGE_ROWS]
    context = {"pending": [_seen(row, principal) for row in waiting], "past": [_seen(row, principal) for row in past]}
    return page(request, "asks", principal, {"here": "asks", **context})


@of_person
def ask_page(request: HttpRequest, principal: Principal, checkin_ref: str) -> HttpResponse:
    """One question, and its answer."""
    row = CheckIn.objects.filter(ref=checkin_ref, principal=principal).select_related("agent").first()
    if row is None:
        raise Http404
    if request.method == "POST" and request.POST.get("answer") in (YES, NO):
        word = str(request.POST["answer"])
        stated = {"digest": request.POST.get("digest", ""), "purse": request.POST.get("purse", "")}
        stated["always_ask"] = request.POST.get("always_ask") == "1"
        answer: dict[str, Any] = {"ref": row.ref, "principal": principal, "user": request.user, "word": word, **stated}
        if attempt(request, lambda: answer_checkin(**answer), SAID[word]):
            return redirect("me-asks")
        row.refresh_from_db()
    return page(request, "ask", principal, {"here": "asks", "ask": _seen(row, principal)})


def _seen(row: CheckIn, principal: Principal) -> dict[str, Any]:
    seen, zone = shown(row), ZoneInfo(principal.time_zone)
    return {
        **seen,
        "agent": row.agent,
        "open": row.state == CheckIn.State.PENDING and row.answer_by > clock.now(),
        "until": row.answer_by.astimezone(zone),
        "closes": datetime.fromisoformat(seen["act"]["closes_at"]).astimezone(zone),
        "became": BECAME.get(row.state, BECAME["lapsed"]),
    }
