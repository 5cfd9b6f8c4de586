"""Agents, registered by an operator, and sub-agents, made by their own."""

from typing import Annotated, Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.keys import Identity, derived_key
from marketplace.agents.models import Agent, Principal
from marketplace.agents.services import register_agent
from marketplace.core import limits
from marketplace.core.refusals import Refusal, not_found
from marketplace.doors.rest.keys import caller, operator, somebody
from marketplace.doors.rest.schemas import answered, body
from marketplace.doors.rest.shapes.agents import AgentMade, AgentStopped
from marketplace.doors.rest.shapes.mandates import MANDATE
from marketplace.doors.rest.strict import idempotency_key, once, shaped
from marketplace.mandates import documents
from marketplace.mandates.grants import grant_mandate, make_subagent, stop_agent, tree_below


class PrincipalBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """For whom an agent acts."""

    name: str
    kind: str = "person"


class AgentBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A new agent."""

    name: str
    principal: PrincipalBody | None = None  # operators; without it the new agent is a sub-agent of the caller
    mandate: Annotated[Any, MANDATE] = None


class AgentsView(APIView):
    """New agents."""

    @extend_schema(
        operation_id="agent_register",
        summary="Register an agent (operators), or a sub-agent of mine; its key is shown this once",
        request=body(AgentBody, {"name": "my-agent", "principal": {"name": "Ada"}}),
        responses=answered(AgentMade, 201),
    )
    def post(self, request: Request) -> Response:
        """A principal, its agent, and a key; a repeat gets the same key."""
        somebody(request)
        stated = shaped(request, AgentBody)
        identity = caller(request, "keys") if stated.principal is None else operator(request)
        _check(stated)
        key = derived_key(identity.agent_ref, request.path, idempotency_key(request))

        def act() -> tuple[int, dict[str, Any]]:
            agent = _subagent(identity, stated, key) if stated.principal is None else _registered(stated, key)
            return 201, {"agent": agent.ref, "principal": agent.principal.ref}

        return once(request, act, unstored={"key": key})


class AgentView(APIView):
    """One of the caller's agents."""

    @extend_schema(
        operation_id="agent_stop",
        summary="Stop a sub-agent of mine, with all below it, for good",
        responses=answered(AgentStopped),
    )
    def delete(self, request: Request, agent_ref: str) -> Response:
        """Its keys and mandates are revoked; what it has bid is withdrawn by a sweep."""
        own = Agent.objects.get(pk=caller(request, "keys").agent_id)
        found = next((agent for agent in tree_below(own) if agent.ref == agent_ref), None)
        if found is None:
            raise not_found("agent", agent_ref)
        return Response({"agent": agent_ref, "stopped": [agent.ref for agent in stop_agent(agent=found)]})


def _registered(stated: AgentBody, key: str) -> Agent:
    """An operator's new agent; without a mandate the house's binds it: its limits alone."""
    assert stated.principal is not None  # noqa: S101 - the caller has looked
    principal = stated.principal
    agent, _ = register_agent(name=stated.name, principal_name=principal.name, kind=principal.kind, key=key)
    if stated.mandate is not None:
        grant_mandate(agent=agent, document=documents.read(stated.mandate, "/mandate"), by=agent.principal.ref)
    return agent


def _subagent(identity: Identity, stated: AgentBody, key: str) -> Agent:
    """A sub-agent; its mandate must be said, and be narrower than the caller's."""
    if stated.mandate is None:
        fix = "Send the sub-agent's mandate; operators register agents for a principal."
        raise Refusal(422, "mandate_needed", "A sub-agent needs a mandate.", fix, "/mandate")
    parent = Agent.objects.select_related("principal").get(pk=identity.agent_id)
    document = documents.read(stated.mandate, "/mandate")
    return make_subagent(parent=parent, name=stated.name, document=document, key=key)[0]


def _check(stated: AgentBody) -> None:
    principal = stated.principal or PrincipalBody("nobody new")
    for pointer, text in (("/name", stated.name), ("/principal/name", principal.name)):
        if not 1 <= len(text) <= limits.NAME_CHARS:
            raise Refusal(422, "text_out_of_bounds", "A name has 1 to 120 characters.", "Shorten it.", pointer)
    if principal.kind not in Principal.Kind.values:
        raise Refusal(422, "kind_unknown", "A principal is a person or a firm.", "Say which.", "/principal/kind")
