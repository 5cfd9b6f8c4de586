"""Asks: what agents want to do and may not do alone; answered once, in time, and about the very act."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from marketplace.agents.models import Principal
from marketplace.core import clock, limits
from marketplace.core.money import minor_text
from marketplace.doors.pages.me.person import attempt, of_person, page
from marketplace.mandates.checkins import NO, YES, answer_checkin, shown
from marketplace.mandates.models import CheckIn
from marketplace.markets.catalogue import rule
from marketplace.markets.models import Lot

FEW = 5  # lots that are named
BECAME = {
    "approved": "You said yes; it is being done.",
    "done": "You said yes, and it was done.",
    "declined": "You said no.",
    "lapsed": "There was no answer in time, so nothing was done.",
    "void": "You said yes, but then it was not possible any more. Nothing was done.",
    "stopped": "You stopped the agent before you answered. Nothing was done.",
}
SAID = {YES: "Said yes. Your agent goes on.", NO: "Said no. Nothing is done."}


@of_person
def asks_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """What waits for an answer, soonest first, and what was answered lately."""
    rows = CheckIn.objects.filter(principal=principal).select_related("agent")
    waiting = rows.filter(state=CheckIn.State.PENDING, answer_by__gt=clock.now()).order_by("answer_by")
    past = rows.exclude(pk__in=waiting).order_by("-pk")[: limits.PAGE_ROWS]
    context = {"pending": [_seen(row) for row in waiting], "past": [_seen(row) for row in past]}
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
    seen = _seen(row)
    return page(request, "ask", principal, {"here": "asks", "ask": seen, "sale": _sale(seen["act"])})


def _seen(row: CheckIn) -> dict[str, Any]:
    seen = shown(row)
    stopped = row.state == CheckIn.State.VOID and row.answered_at is None
    return {
        **seen,
        "agent": row.agent,
        "open": row.state == CheckIn.State.PENDING and row.answer_by > clock.now(),
        "question": _question(seen["act"]),
        "until": row.answer_by,
        "closes": datetime.fromisoformat(seen["act"]["closes_at"]),
        "became": BECAME["stopped"] if stopped else BECAME.get(row.state, BECAME["lapsed"]),
    }


def _question(act: dict[str, Any]) -> str:
    amount, title = minor_text(act["limit_minor"], act["currency"]), act["title"]
    if act["kind"] == "raise":
        return f"Spend up to {amount} in “{title}”, where it had a lower limit?"
    return f"Spend up to {amount} in “{title}”?" if act["limit_minor"] else f"Take part in “{title}”, spending nothing?"


def _sale(act: dict[str, Any]) -> dict[str, Any]:
    """What a person wants to know of the market before it answers."""
    lots = Lot.objects.filter(market__ref=act["market"]).order_by("name").values_list("title", "name")[: FEW + 1]
    names = [title or name for title, name in lots]
    new = "you have not dealt with" if act["new_counterparty"] else "you have dealt with before"
    return {
        "lots": names[:FEW],
        "more": len(names) > FEW,
        "rule": rule(act["mechanism"]).title,
        "seller": f"{'One' if len(act['counterparties']) == 1 else 'Some that'} {new}",
    }
