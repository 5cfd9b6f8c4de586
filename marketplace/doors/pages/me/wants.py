"""Wants: what the person's agents were told to look for, in words, and the open markets with a lot that fits."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from marketplace.agents.models import Principal
from marketplace.core import clock, limits
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import said
from marketplace.doors.pages.me.person import attempt, of_person, page
from marketplace.doors.pages.programs import carried, wants_json
from marketplace.markets.matching import open_matches
from marketplace.preferences.models import Preference
from marketplace.preferences.services import content_of, forget_preference, read_stored, words_of


@of_person
def wants_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Every stored preference of the person's agents, newest first, in words."""
    rows = _own(principal).order_by("-changed_at", "-pk")[: limits.PAGE_ROWS]
    if wants_json(request):
        return carried(said(200, {"preferences": [_facts(row) for row in rows]}))
    return page(request, "wants", principal, {"here": "wants", "wants": [_told(row) for row in rows]})


@of_person
def want_page(request: HttpRequest, principal: Principal, preference_ref: str) -> HttpResponse:
    """One of them with the lots that it would admit now; and a button to forget it."""
    row = _own(principal).filter(ref=preference_ref).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        attempt(request, lambda: forget_preference(preference=row), "It is forgotten; bids that were made by it stand.")
        return redirect("me-wants")
    told, fitting = _told(row), _fitting(row)
    if wants_json(request):
        fits = [{"market": one["market"].ref, "items": one["items"]} for one in fitting]
        more = {"preference": content_of(row), "in_words": told["words"], "markets": fits}
        return carried(said(200, _facts(row) | more))
    return page(request, "want", principal, {"here": "wants", "want": told, "fitting": fitting})


def _own(principal: Principal) -> Any:
    return Preference.objects.filter(agent__principal=principal).select_related("agent")


def _facts(row: Preference) -> dict[str, Any]:
    return {
        "id": row.ref,
        "agent": row.agent.ref,
        "version": row.version,
        "alert": row.alert,
        "changed_at": clock.stamp(row.changed_at),
    }


def _told(row: Preference) -> dict[str, Any]:
    """The row and its sentences; none where its category is no longer what it was written for."""
    try:
        words = words_of(row)
        return {"row": row, "words": words, "things": words["items"]}  # a template takes .items for a method
    except Refusal as refusal:
        return {"row": row, "words": None, "refused": refusal.detail}


def _fitting(row: Preference) -> list[dict[str, Any]]:
    """Open markets with a lot that qualifies: by item those lots with their worth in words."""
    try:
        matches = open_matches(read_stored(row), row.agent.ref)
    except Refusal:
        return []
    return [
        {"market": market, "items": items, "told": [{"name": name, "lots": lots} for name, lots in items.items()]}
        for market, items in matches
    ]
