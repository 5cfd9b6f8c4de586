"""Cases: ten concrete acts, one after the other; what the person says becomes rules in sentences."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from marketplace.agents.models import Agent, Principal
from marketplace.core import clock
from marketplace.core.money import minor_text
from marketplace.doors.pages.me.person import attempt, of_person, own_agent, page
from marketplace.mandates.acts import NO_CATEGORY, Act
from marketplace.mandates.fitting import fitted, supported
from marketplace.mandates.grants import chain_of, grant_mandate
from marketplace.mandates.interview import QUESTIONS, pool, told_by
from marketplace.mandates.learning import Facts, Told, most_telling
from marketplace.mandates.models import Case
from marketplace.mandates.words import condition_words, kind_words
from marketplace.markets.models import Lot, Market

CURRENCY = "EUR"
FEW = 4  # kinds of things in one interview
WORDS = {"alone": "do it", "ask": "ask me", "never": "never"}


@of_person
def cases_page(request: HttpRequest, principal: Principal, agent_ref: str) -> HttpResponse:
    """The next case; a POST answers it, or takes the rules that the answers give."""
    agent = own_agent(principal, agent_ref)
    currency = _currency()
    told = told_by(agent.pk, currency, principal.time_zone)
    if request.method == "POST":
        if request.POST.get("take"):
            attempt(request, lambda: _learn(agent, principal, currency), "The new rules hold.")
            return redirect("me-agent-rules", agent_ref=agent.ref)
        _answer(agent, principal, request.POST, currency)
        return redirect("me-cases", agent_ref=agent.ref)
    return page(request, "cases", principal, {"here": "rules", "agent": agent, **_shown(agent, told, currency)})


def _shown(agent: Agent, told: list[Told], currency: str) -> dict[str, Any]:
    document = fitted(chain_of(agent).own.document, told, currency)
    question = most_telling(told, pool(kinds()))
    return {
        "number": len(told) + 1,
        "asked": QUESTIONS,
        "enough": len(told) >= QUESTIONS,
        "question": _name(question),
        "question_words": _words(question, currency),
        "rules": [_support(found, told, currency) for found in supported(document, told)],
    }


def _support(found: Any, told: list[Told], currency: str) -> dict[str, Any]:
    """A rule as a sentence, with the cases that it decides as the person did, and those that speak against it."""
    rule = found.rule
    lead = "Act alone" if rule.when.up_to_minor is not None else "Never"
    return {
        "words": f"{lead} {condition_words(rule.when)}.",
        "decides": [f"{_words(told[n].facts, currency)}: {WORDS[told[n].answer]}" for n in found.decides],
        "contradicts": [f"{_words(told[n].facts, currency)}: {WORDS[told[n].answer]}" for n in found.contradicts],
    }


def _words(facts: Facts, currency: str) -> str:
    plain = facts.category == NO_CATEGORY
    kind = "something without a category" if plain else f"something of the kind {kind_words(facts.category)}"
    seller = "a seller you have not dealt with" if facts.stranger else "a seller you know"
    when = "at eleven in the evening" if facts.night else "at noon"
    return f"{minor_text(facts.amount_minor, currency)} for {kind}, from {seller}, {when}"


def kinds() -> tuple[str, ...]:
    """The kinds of things that are traded here, the newest first."""
    rows = Lot.objects.exclude(category="").order_by("-pk").values_list("category", flat=True)[:200]
    found = list(dict.fromkeys(rows))[:FEW]
    return tuple(found) or (NO_CATEGORY,)


def _currency() -> str:
    """The currency that most is traded in of late."""
    rows = list(Market.objects.order_by("-pk").values_list("currency", flat=True)[:50])
    return max(sorted(set(rows)), key=rows.count) if rows else CURRENCY


@transaction.atomic
def _learn(agent: Agent, principal: Principal, currency: str) -> Any:
    told = told_by(agent.pk, currency, principal.time_zone)
    return grant_mandate(agent=agent, document=fitted(chain_of(agent).own.document, told, currency), by=principal.ref)


def _answer(agent: Agent, principal: Principal, stated: Any, currency: str) -> None:
    """Keep the case, if the act is one that is asked about."""
    answer = stated.get("answer")
    facts = next((each for each in pool(kinds()) if _name(each) == stated.get("act")), None)
    if facts is not None and answer in WORDS:
        act, at = _act(facts, currency, principal.time_zone)
        kept = {"act": act.document(), "at": clock.stamp(at)}
        Case.objects.create(agent=agent, act=kept, answer=answer, created_at=clock.now())


def _name(facts: Facts) -> str:
    """An act of the pool as a form names it."""
    return f"{facts.category} {facts.amount_minor} {facts.stranger:d}{facts.night:d}"


def _act(facts: Facts, currency: str, time_zone: str) -> tuple[Act, datetime]:
    at = datetime(2026, 11, 23, 23 if facts.night else 12, tzinfo=ZoneInfo(time_zone))
    act = Act(
        kind="join",
        market="mkt_case",
        title="a case",
        currency=currency,
        limit_minor=facts.amount_minor,
        more_minor=facts.amount_minor,
        mechanism="second_price",
        disclosure="own_only",
        closes_at=at + timedelta(hours=1),
        categories=frozenset({facts.category}),
        new_counterparty=facts.stranger,
    )
    return act, at
