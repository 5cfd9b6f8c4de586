"""Stop: an agent's keys are revoked, its bids taken back where they may be, and what could not be is said."""

from django.http import HttpRequest, HttpResponse

from marketplace.agents.models import Principal
from marketplace.bidding.stopping import stop_trading
from marketplace.doors.pages.me.person import choose_agent, of_person, own_agent, page
from marketplace.mandates.grants import tree_below


@of_person
def stop_index(request: HttpRequest, principal: Principal) -> HttpResponse:
    """The one agent at once, or a choice of agents."""
    return choose_agent(request, principal, "stop", "me-agent-stop")


@of_person
def stop_page(request: HttpRequest, principal: Principal, agent_ref: str) -> HttpResponse:
    """What stopping does, and a button; afterwards, what it did."""
    agent = own_agent(principal, agent_ref)
    below = tree_below(agent)[1:]
    done = stop_trading(agent=agent) if request.method == "POST" else None
    agent.refresh_from_db()
    return page(request, "stop", principal, {"here": "stop", "agent": agent, "below": below, "done": done})
