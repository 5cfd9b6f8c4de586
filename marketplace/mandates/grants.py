"""Granting and revoking mandates, and the chain of those that bind an agent: its own, and of each one above it."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from marketplace.agents.keys import BUNDLES, forget_all
from marketplace.agents.models import Agent, ApiKey
from marketplace.agents.services import issue_key, new_agent
from marketplace.core import clock, limits
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.mandates import documents
from marketplace.mandates.acts import Act
from marketplace.mandates.documents import HOUSE, Document
from marketplace.mandates.models import Mandate
from marketplace.mandates.narrowing import contradictions, widenings
from marketplace.mandates.policies import Verdict, decide, strictest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Link:
    """An agent of a chain, with the mandate that binds it; `revoked`: it may do nothing any more."""

    agent: Agent
    document: Document
    revoked: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """An agent and all above it, the agent itself first; `time_zone` is their principal's."""

    links: tuple[Link, ...]
    time_zone: str

    @property
    def own(self) -> Link:
        """The agent's own link."""
        return self.links[0]

    def decide(self, act: Act, at: datetime) -> Verdict:
        """The strictest that anyone in the chain says."""
        if any(link.revoked for link in self.links):
            return Verdict("never", ("revoked",))
        return strictest(_said(link, self.own, decide(link.document, act, at, self.time_zone)) for link in self.links)

    def document_of_rules(self) -> Document:
        """The nearest mandate that chooses purses."""
        return next((link.document for link in self.links if link.document.purses), self.own.document)


def chain_of(agent: Agent) -> Chain:
    """The chain of an agent as the rows have it now."""
    agents = [agent]
    while agents[-1].parent_id is not None:
        agents.append(Agent.objects.get(pk=agents[-1].parent_id))
    latest: dict[int, Mandate] = {}
    for row in Mandate.objects.filter(agent__in=agents).order_by("version"):
        latest[row.agent_id] = row
    return Chain(tuple(_link(each, latest.get(each.pk)) for each in agents), agent.principal.time_zone)


def locked_chain(agent_id: int) -> Chain:
    """The chain, with its tree locked until the transaction ends: ceilings of one tree are taken one at a time."""
    chain = chain_of(Agent.objects.select_related("principal").get(pk=agent_id))
    lock_tree(chain.links[-1].agent)
    return chain_of(chain.own.agent)


def lock_tree(root: Agent) -> None:
    """One lock a tree: the row of its first agent."""
    Agent.objects.select_for_update(no_key=True).get(pk=root.pk)


@transaction.atomic
def grant_mandate(*, agent: Agent, document: Document, by: str) -> Mandate:
    """A new version; refused where it contradicts itself (named), or goes beyond the mandate of the agent above."""
    refuse_contradictions(document)
    chain = locked_chain(agent.pk)
    if len(chain.links) > 1:
        refuse_wider(document, chain.links[1].document)
    if chain.own.agent.stopped_at is not None:
        raise Refusal(409, "agent_stopped", "This agent was stopped for good.", "Make a new agent.")
    version = agent.mandates.count() + 1
    ref, text = new_ref("mnd"), documents.encoded(document).decode()
    return Mandate.objects.create(
        ref=ref, agent=agent, version=version, document=text, granted_by=by, granted_at=clock.now()
    )


def refuse_contradictions(document: Document) -> None:
    """Refuse a mandate that says two things at once."""
    found = contradictions(document)
    if found:
        log.warning("a mandate that contradicts itself was refused: %s", "; ".join(found))
        fix = "Change or drop one of the rules that are named."
        raise Refusal(422, "mandate_contradictory", f"{'; '.join(found)}.", fix, extra={"contradictions": found})


def refuse_wider(child: Document, parent: Document) -> None:
    """Refuse a mandate that goes beyond its parent's in any dimension."""
    found = widenings(child, parent)
    if found:
        log.warning("a mandate wider than its parent's was refused: %s", ", ".join(found))
        fix = "Narrow it there: a sub-agent may do no more than the agent that made it."
        detail = f"It goes beyond the mandate above it in {', '.join(found)}."
        raise Refusal(403, "mandate_wider", detail, fix, extra={"wider": found})


@transaction.atomic
def make_subagent(*, parent: Agent, name: str, document: Document, key: str | None = None) -> tuple[Agent, str]:
    """An agent below another, for the same principal, under a narrower mandate; its key is shown once."""
    if len(chain_of(parent).links) >= limits.AGENT_DEPTH:
        fix = "Let an agent higher up make it."
        raise Refusal(409, "agents_too_deep", f"Agents stand at most {limits.AGENT_DEPTH} deep.", fix)
    agent = new_agent(principal=parent.principal, name=name, parent=parent)
    grant_mandate(agent=agent, document=document, by=parent.ref)
    return agent, issue_key(agent=agent, scopes=BUNDLES["trade"], key=key)[1]


def tree_below(agent: Agent) -> list[Agent]:
    """The agent and all sub-agents below it."""
    found, layer = [agent], [agent]
    while layer:
        layer = list(Agent.objects.filter(parent__in=layer))
        found += layer
    return found


@transaction.atomic
def stop_agent(*, agent: Agent) -> list[Agent]:
    """Revoke the keys and mandates of an agent and of all below it, for good; who was stopped now."""
    lock_tree(chain_of(agent).links[-1].agent)
    at, tree = clock.now(), tree_below(agent)
    running = list(Agent.objects.filter(pk__in=[each.pk for each in tree], stopped_at=None))
    Agent.objects.filter(pk__in=[each.pk for each in running]).update(stopped_at=at)
    ApiKey.objects.filter(agent__in=tree, revoked_at=None).update(revoked_at=at)
    current_mandates(tree).update(revoked_at=at)
    forget_all()
    return running


def current_mandates(agents: list[Agent]) -> QuerySet[Mandate]:
    """Every version that is not revoked yet."""
    return Mandate.objects.filter(agent__in=agents, revoked_at=None)


def _said(link: Link, own: Link, verdict: Verdict) -> Verdict:
    """What an agent above says is told as such, not by its rules."""
    if link is own:
        return verdict
    return Verdict(verdict.word, tuple(f"above:{reason.partition(':')[0]}" for reason in verdict.reasons))


def _link(agent: Agent, row: Mandate | None) -> Link:
    """An agent without a mandate acts under the house's: what an operator registered."""
    revoked = agent.stopped_at is not None or (row is not None and row.revoked_at is not None)
    return Link(agent, HOUSE if row is None else documents.decoded(row.document), revoked)
