"""Agents, registered by an operator, and how their principals pay and are paid."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.keys import derived_key
from marketplace.agents.models import Principal
from marketplace.agents.services import register_agent
from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.doors.rest.keys import caller, operator
from marketplace.doors.rest.schemas import CREATED, body
from marketplace.doors.rest.strict import bind_key, idempotency_key, once, shaped
from marketplace.settlement.services import add_payment_method, add_payout_account


class PrincipalBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """For whom an agent acts."""

    name: str
    kind: str = "person"


class AgentBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A new agent."""

    name: str
    principal: PrincipalBody


class PaymentMethodBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One of Stripe's test payment methods."""

    payment_method: str


class NothingBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An empty object."""


class AgentsView(APIView):
    """New agents."""

    @extend_schema(
        summary="Register an agent (operators); its key is shown this once",
        request=body(AgentBody, {"name": "my-agent", "principal": {"name": "Ada"}}),
        responses=CREATED,
    )
    def post(self, request: Request) -> Response:
        """A principal, its agent, and a key; a repeat gets the same key."""
        operator(request)
        stated = shaped(request, AgentBody)
        _check(stated)

        key = derived_key(request.user.agent_ref, request.path, idempotency_key(request))

        def act() -> tuple[int, dict[str, Any]]:
            agent, _ = register_agent(
                name=stated.name, principal_name=stated.principal.name, kind=stated.principal.kind, key=key
            )
            return 201, {"agent": agent.ref, "principal": agent.principal.ref}

        return once(request, act, unstored={"key": key})


class PaymentMethodsView(APIView):
    """How the caller's principal pays."""

    @extend_schema(
        summary="Add a test payment method",
        request=body(PaymentMethodBody, {"payment_method": "pm_card_visa"}),
        responses=CREATED,
    )
    def post(self, request: Request) -> Response:
        """A card of Stripe's test cards."""
        identity, token = caller(request), shaped(request, PaymentMethodBody).payment_method
        bind_key(request)
        principal = Principal.objects.get(pk=identity.principal_id)
        method = add_payment_method(principal=principal, token=token)
        return Response({"id": method.ref, "label": method.label, "state": method.state}, status=201)


class PayoutAccountsView(APIView):
    """How the caller's principal is paid."""

    @extend_schema(summary="Open the payout account", request=body(NothingBody, {}), responses=CREATED)
    def post(self, request: Request) -> Response:
        """A connected account; one per principal, a repeat gives the same."""
        identity = caller(request)
        shaped(request, NothingBody)
        bind_key(request)
        account = add_payout_account(principal=Principal.objects.get(pk=identity.principal_id))
        return Response({"id": account.ref, "state": account.state}, status=201)


def _check(stated: AgentBody) -> None:
    for pointer, text in (("/name", stated.name), ("/principal/name", stated.principal.name)):
        if not 1 <= len(text) <= limits.NAME_CHARS:
            raise Refusal(422, "text_out_of_bounds", "A name has 1 to 120 characters.", "Shorten it.", pointer)
    if stated.principal.kind not in Principal.Kind.values:
        raise Refusal(422, "kind_unknown", "A principal is a person or a firm.", "Say which.", "/principal/kind")
