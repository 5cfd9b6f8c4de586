"""Rules: the mandate in words, what would be said to an act, and the mandate as JSON for who wants to write it."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from marketplace.agents.models import Agent, Principal
from marketplace.bidding.acts import act_of, weigh
from marketplace.core import clock, strict_json
from marketplace.core.money import minor_exponent, minor_text
from marketplace.core.refusals import Refusal
from marketplace.doors.pages.me.person import attempt, choose_agent, of_person, own_agent, page
from marketplace.mandates import ceilings, documents
from marketplace.mandates.ap2 import read_open_mandate
from marketplace.mandates.documents import Document
from marketplace.mandates.grants import Chain, chain_of, grant_mandate
from marketplace.mandates.words import reason_words, sentences
from marketplace.markets.models import Market

ANSWER = {"alone": "Yes, alone.", "ask": "It would ask you first.", "never": "No."}
MANY = 100
LEFT = {"day": "{left} today", "standing": "{left} more open at one time", "total": "{left} in all"}


class WhatIfForm(forms.Form):
    """An act that somebody might want to know about."""

    market = forms.ModelChoiceField(
        queryset=Market.objects.none(), to_field_name="ref", label="Joining", empty_label="Choose a market"
    )
    limit = forms.DecimalField(min_value=0, max_digits=12, decimal_places=2, label="for at most")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        soonest = Market.objects.filter(state="open").order_by("closes_at")[:MANY]
        field: Any = self.fields["market"]
        field.queryset = Market.objects.filter(pk__in=[row.pk for row in soonest])
        field.label_from_instance = lambda row: f"{row.title} ({row.currency})"


@of_person
def rules_index(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The one agent's rules at once, or a choice of agents."""
    return choose_agent(request, principal, "rules", "me-agent-rules")


@of_person
def rules_page(request: HttpRequest, principal: Principal, agent_ref: str) -> HttpResponse:
    """The mandate; a POST grants a new version."""
    agent = own_agent(principal, agent_ref)
    written = request.POST.get("document", "")
    if request.method == "POST" and attempt(request, lambda: _grant(agent, principal, written), "The new rules hold."):
        return redirect("me-agent-rules", agent_ref=agent.ref)
    chain = chain_of(agent)
    document = chain.own.document
    asked = WhatIfForm(request.GET if "market" in request.GET else None)
    context = {
        "agent": agent,
        "failed": request.method == "POST",
        "sentences": sentences(document),
        "room": _room(chain),
        "above": [link.agent for link in chain.links[1:]],
        "revoked": chain.own.revoked,
        "document": written or json.dumps(documents.plain(document), indent=2, ensure_ascii=False),
        "what_if": asked,
        "said": _said(chain, asked) if asked.is_bound and asked.is_valid() else None,
        "versions": agent.mandates.order_by("-version")[:10],
    }
    return page(request, "rules", principal, {"here": "rules", **context})


def _room(chain: Chain) -> list[str]:
    """What the ceilings still have room for, now."""
    at, own = clock.now(), chain.own
    return [
        LEFT[name].format(left=minor_text(max(0, left), currency))
        for currency in sorted(own.document.ceilings or {})
        for name, left in ceilings.room(own, currency, at, chain.time_zone).items()
    ]


def _grant(agent: Agent, principal: Principal, written: str) -> Any:
    return grant_mandate(agent=agent, document=_read(written), by=principal.ref)


def _read(written: str) -> Document:
    """Our own form, or the content of an AP2 open payment mandate."""
    value = strict_json.parse_object(written.encode())
    return read_open_mandate(value).document if "vct" in value else documents.read(value)


def _said(chain: Chain, form: WhatIfForm) -> dict[str, Any]:
    market = form.cleaned_data["market"]
    limit = int(form.cleaned_data["limit"].scaleb(minor_exponent(market.currency)))
    at = clock.now()
    try:
        act = act_of(market=market, agent=chain.own.agent, limit_minor=limit)
        verdict = weigh(chain=chain, act=act, at=at).verdict
    except Refusal as refusal:
        return {"word": "never", "answer": ANSWER["never"], "because": [refusal.detail]}
    because = [reason_words(reason, chain.own.document) for reason in verdict.reasons]
    return {"word": verdict.word, "answer": ANSWER[verdict.word], "because": because}
