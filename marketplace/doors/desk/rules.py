"""Pages about rules: the choice by situation, and a rule with its badges and their counterexamples, found live."""

from typing import Any

import msgspec
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from marketplace.core import limits
from marketplace.markets.catalogue import find_rule, rules
from marketplace.markets.desk.badges import badges
from marketplace.markets.desk.situations import SITUATIONS
from marketplace.reports.apart import NotTakenError, library

PROBLEMS = "3"  # for each claim that holds; fifty times as many where a counterexample is looked for


def choose_page(request: HttpRequest) -> HttpResponse:
    """Rules by situation; the full list beneath."""
    ours = {rule["slug"] for rule in rules()}
    situations = [
        (situation, [(choice, _spec(choice.slug), choice.slug in ours) for choice in situation.choices])
        for situation in SITUATIONS
    ]
    draft = request.GET.get("market", "")
    form = (
        reverse("admin:markets_market_change", args=[draft])
        if draft.isdecimal()
        else reverse("admin:markets_market_add")
    )
    context = {"title": "What do you have before you?", "situations": situations, "rules": rules(), "form": form}
    return _page(request, "choose", context)


def rule_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What a rule does, promises and does not."""
    spec = _spec(slug)
    fits = slug in {rule["slug"] for rule in rules()}
    return _page(request, "rule", {"title": spec.title, "spec": spec, "badges": badges(spec), "fits": fits})


def claim_page(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """The audit of one claim, run now."""
    spec = _spec(slug)
    said = [badge for badge in badges(spec) if badge.name == name]
    if not said:
        raise Http404("The rule says nothing of this.")
    try:
        printed = library(
            *("audit", slug, "--claim", name, "--problems", PROBLEMS, "--json"), seconds=limits.DESK_SECONDS
        )
        verdicts, trouble = [_told(verdict) for verdict in msgspec.json.decode(printed)], ""
    except (TimeoutError, NotTakenError) as error:
        verdicts, trouble = [], f"{error} Run python -m mechanisms audit {slug} --claim {name}."
    title = f"{spec.title}: {said[0].label.lower()}"
    return _page(
        request, "claim", {"title": title, "spec": spec, "badges": said, "verdicts": verdicts, "trouble": trouble}
    )


def _told(verdict: dict[str, Any]) -> dict[str, Any]:
    """A verdict for the page: its lies with both problems as JSON to copy."""
    lies = [("", verdict["counterexample"]), *(verdict["without"] or {}).items()]
    shown = [
        {
            "without": name,
            "agent": lie["agent"],
            "gain": lie["gain"],
            "problem": msgspec.json.format(msgspec.json.encode(lie["problem"]), indent=1).decode(),
            "lied": msgspec.json.format(msgspec.json.encode(lie["lied"]), indent=1).decode(),
        }
        for name, lie in lies
        if lie
    ]
    return {**verdict, "lies": shown}


def _spec(slug: str) -> Any:
    spec = find_rule(slug)
    if spec is None:
        raise Http404("There is no such rule.")
    return spec


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, f"admin/desk/{name}.html", {**admin.site.each_context(request), **context})
