"""Who looks: the person behind the login, and what every one of its pages shares; times are those where it lives."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from marketplace.agents.models import Agent, Principal
from marketplace.agents.services import principal_of
from marketplace.core import clock
from marketplace.core.refusals import Refusal
from marketplace.mandates.models import CheckIn

View = Callable[..., HttpResponse]


def of_person(view: View) -> View:
    """A page of the person who is signed in; everybody else is sent to the login."""

    @wraps(view)
    def shown(request: HttpRequest, **names: str) -> HttpResponse:
        principal = principal_of(user=request.user)
        with timezone.override(ZoneInfo(principal.time_zone)):
            return view(request, principal, **names)

    return login_required(require_http_methods(["GET", "HEAD", "POST"])(shown))


def page(request: HttpRequest, name: str, principal: Principal, context: dict[str, Any], status: int = 200) -> Any:
    """A page with the navigation of a person; `here` is the entry that it belongs to."""
    pending = CheckIn.objects.filter(principal=principal, state=CheckIn.State.PENDING, answer_by__gt=clock.now())
    live = {"now": clock.stamp(clock.now())}
    shared = {"principal": principal, "waiting": pending.count(), "live": live, "agents": agents_of(principal)}
    return render(request, f"me/{name}.html", {**shared, **context}, status=status)


def agents_of(principal: Principal) -> list[Agent]:
    """The person's agents, those that were stopped last."""
    return sorted(Agent.objects.filter(principal=principal), key=lambda agent: (agent.stopped_at is not None, agent.pk))


def choose_agent(request: HttpRequest, principal: Principal, here: str, to: str) -> HttpResponse:
    """The page `to` of the one agent at once, or a choice of agents; `here` is the place in the menu."""
    agents = agents_of(principal)
    if len(agents) == 1:
        return redirect(to, agent_ref=agents[0].ref)
    return page(request, "choose", principal, {"here": here, "to": to, "title": here.capitalize()})


def own_agent(principal: Principal, ref: str) -> Agent:
    """One of the person's agents; another's does not exist."""
    agent = Agent.objects.select_related("principal").filter(ref=ref, principal=principal).first()
    if agent is None:
        raise Http404
    return agent


def attempt(request: HttpRequest, act: Callable[[], Any], said: str) -> Any:
    """Do something for a form; what is refused is said on the page, in the words of every door."""
    try:
        done = act()
    except Refusal as refusal:
        messages.error(request, f"{refusal.detail} {refusal.next}")
        return None
    if said:
        messages.success(request, said)
    return done if done is not None else True
