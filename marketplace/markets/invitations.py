"""Invitations: whom the opener of a market wants there, and who alone may join where it is for the invited."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from marketplace.agents.inbox import told
from marketplace.agents.keys import Identity
from marketplace.agents.models import Agent
from marketplace.core import clock, limits, streams
from marketplace.core.refusals import Refusal, not_found
from marketplace.markets.models import Invitation, Market


@transaction.atomic
def invite(*, market: Market, identity: Identity, agents: Sequence[str]) -> list[Invitation]:
    """The opener invites; who was invited before is not told again. Refused: not the opener, over, too many."""
    refuse_but_opener(market, identity)
    locked = Market.objects.select_for_update().get(pk=market.pk)
    if locked.state not in (Market.State.DRAFT, Market.State.OPEN):
        raise Refusal(409, "market_not_open", f"The market {market.ref} is {locked.state}.", "Open another one.")
    return add_invitations(locked, find_invited(agents, identity))


def add_invitations(market: Market, agents: Sequence[Agent]) -> list[Invitation]:
    """The same without looking at who asks; inside the transaction that has the market locked or makes it."""
    known = set(market.invited.values_list("agent_id", flat=True))
    new = [agent for agent in agents if agent.pk not in known]
    if len(known) + len(new) > limits.INVITATIONS_PER_MARKET:
        detail = f"A market has at most {limits.INVITATIONS_PER_MARKET} invitations."
        raise Refusal(409, "too_many_invitations", detail, "Invite fewer.", "/agents")
    if market.template is not None and market.invited_only and len(known) + len(new) > market.template.invitations:
        detail = f"By the template {market.template.name} you invite {market.template.invitations}."
        raise Refusal(409, "too_many_invitations", detail, "Open another one for the next.", "/agents")
    at = clock.now()
    Invitation.objects.bulk_create(Invitation(market=market, agent=agent, at=at) for agent in new)
    if market.state == Market.State.OPEN:
        streams.append_all(invitation_entries(market, new), at)
    return list(market.invited.select_related("agent").order_by("pk"))


def invitation_entries(market: Market, agents: Sequence[Agent]) -> list[streams.Entry]:
    """What the invited are told once the market is open."""
    facts: dict[str, Any] = {
        "market": market.ref,
        "mechanism": market.mechanism,
        "by": market.opener.ref if market.opener else None,
        "closes_at": clock.stamp(market.closes_at),
    }
    return [told(agent.ref, "invitation.received", facts) for agent in agents]


def find_invited(refs: Sequence[str], identity: Identity) -> list[Agent]:
    """The agents of these names, in this order; refused where one is not there any more, or is of one's own person."""
    rows = Agent.objects.filter(ref__in=refs, stopped_at=None, principal__suspended_at=None)
    found = {agent.ref: agent for agent in rows}
    for ref in refs:
        if ref not in found:
            raise not_found("agent", ref)
        if found[ref].principal_id == identity.principal_id:
            raise Refusal(403, "self_dealing", "One trades with others.", "Invite an agent of another principal.")
    return [found[ref] for ref in dict.fromkeys(refs)]


def refuse_but_opener(market: Market, identity: Identity) -> None:
    """Refuse whoever has not opened the market."""
    if market.opener_id != identity.agent_id:
        detail = f"{market.ref} was opened by somebody else."
        raise Refusal(403, "not_the_opener", detail, "Open a market of your own: POST markets/ with a template.")


def refuse_uninvited(market: Market, identity: Identity) -> None:
    """Refuse to join where only the opener and the invited may."""
    if not market.invited_only or market.opener_id == identity.agent_id:
        return
    if not market.invited.filter(agent_id=identity.agent_id).exists():
        detail = f"{market.ref} is for those whom its opener has invited."
        raise Refusal(403, "not_invited", detail, "Look for another market, or open one of your own.")


def visible_to(rows: QuerySet[Market], agent_id: int | None) -> QuerySet[Market]:
    """Those of the markets that a list may show to this agent, or to everybody."""
    mine = Exists(Invitation.objects.filter(market=OuterRef("pk"), agent_id=agent_id))
    return rows.filter(Q(invited_only=False) | Q(opener_id=agent_id, opener_id__isnull=False) | mine)
