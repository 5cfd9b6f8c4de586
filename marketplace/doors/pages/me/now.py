"""Now: what is open, the most that it can cost, until when; and making an agent, and a card for it."""

from collections import defaultdict
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from marketplace.agents.keys import BUNDLES
from marketplace.agents.models import Agent, Principal
from marketplace.agents.services import issue_key, new_agent
from marketplace.bidding.models import Participation
from marketplace.core import limits
from marketplace.core.money import minor_text
from marketplace.doors.pages.me.paid_in import paid_in
from marketplace.doors.pages.me.person import attempt, of_person, page
from marketplace.mandates.documents import CONSERVATIVE
from marketplace.mandates.grants import grant_mandate
from marketplace.markets.models import Market
from marketplace.settlement.models import PaymentMethod
from marketplace.settlement.services import add_payment_method

UNDER_WAY = (Market.State.OPEN, Market.State.CLOSED)
WORDS = {
    "asking": "waits for your answer",
    "pending": "waits for the card",
    "active": "takes part",
}
CARDS = (
    ("pm_card_visa", "Visa •••• 4242 (test)"),
    ("pm_card_mastercard", "Mastercard •••• 4444 (test)"),
    ("pm_card_amex", "American Express •••• 8431 (test)"),
)


class ZoneForm(forms.Form):
    """Where the person lives: its days and hours are counted there."""

    time_zone = forms.ChoiceField(
        choices=[(name, name) for name in sorted(available_timezones())], label="Your time zone", initial="UTC"
    )


class AgentForm(ZoneForm):
    """A new agent."""

    name = forms.CharField(max_length=limits.NAME_CHARS, label="What is your agent called?")
    field_order = ("name",)


class CardForm(forms.Form):
    """A test card, with a label."""

    token = forms.ChoiceField(choices=CARDS, label="Test card")
    purse = forms.RegexField(
        r"^[A-Za-z0-9_-]{1,64}$", required=False, label="What is it for?", help_text="work, personal; or leave it empty"
    )


@of_person
def now_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """Everything that is open, soonest close first, and the most that it can cost together."""
    rows = Participation.objects.filter(agent__principal=principal, market__state__in=UNDER_WAY)
    live = rows.exclude(state="refused").select_related("market", "agent").order_by("market__closes_at")
    open_ = [_row(row) for row in live[: limits.PAGE_ROWS]]
    cards = PaymentMethod.objects.filter(principal=principal, state="active").order_by("-pk")
    context = {"here": "now", "open": open_, "most": _most(live), "cards": cards, "card_form": CardForm()}
    return page(request, "now", principal, {**context, **paid_in(principal), "agent_form": _agent_form(principal)})


@of_person
def agents_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """A new agent, whose key is shown this once."""
    form = AgentForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return page(request, "agent", principal, {"here": "now", "agent_form": form})
    agent, key = make_agent(principal=principal, name=form.cleaned_data["name"], zone=form.cleaned_data["time_zone"])
    return page(request, "key", principal, {"here": "now", "agent": agent, "key": key})


@transaction.atomic
def make_agent(*, principal: Principal, name: str, zone: str) -> tuple[Agent, str]:
    """A person's agent: it asks before everything until the person says otherwise."""
    Principal.objects.filter(pk=principal.pk).update(time_zone=zone)
    agent = new_agent(principal=principal, name=name)
    grant_mandate(agent=agent, document=CONSERVATIVE, by=principal.ref)
    return agent, issue_key(agent=agent, scopes=BUNDLES["trade"])[1]


@of_person
def cards_page(request: HttpRequest, principal: Principal) -> HttpResponse:
    """A card more, or another label for one."""
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        stated = form.cleaned_data
        add = {"principal": principal, "token": stated["token"], "purse": stated["purse"]}
        attempt(request, lambda: add_payment_method(**add), "The card can be used.")
    return redirect("me-now")


def _agent_form(principal: Principal) -> AgentForm:
    return AgentForm(initial={"time_zone": principal.time_zone})


def _row(row: Participation) -> dict[str, Any]:
    market = row.market
    return {
        "market": market,
        "agent": row.agent,
        "state": WORDS[row.state] if market.state == "open" else "bidding is over; it is being settled",
        "limit": minor_text(row.limit_minor, market.currency),
        "is_open": market.state == "open",
    }


def _most(rows: Any) -> list[str]:
    """The most that everything can still cost, by currency; what waits for an answer costs nothing yet."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.state != "asking":
            sums[row.market.currency] += row.limit_minor
    return [minor_text(amount, currency) for currency, amount in sorted(sums.items()) if amount]
