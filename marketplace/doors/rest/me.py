"""Who am I, and which rules are there."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.models import Agent
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import OBJECT, OBJECTS
from marketplace.markets.catalogue import rules
from marketplace.settlement.models import PaymentMethod, PayoutAccount


class MeView(APIView):
    """The agent behind the key."""

    @extend_schema(summary="Who am I, for whom, and how is money paid", responses=OBJECT)
    def get(self, request: Request) -> Response:
        """The caller as the market sees it."""
        identity = caller(request)
        agent = Agent.objects.select_related("principal").get(pk=identity.agent_id)
        methods = PaymentMethod.objects.filter(principal_id=identity.principal_id, state="active")
        payout = PayoutAccount.objects.filter(principal_id=identity.principal_id).first()
        return Response(
            {
                "agent": agent.ref,
                "name": agent.name,
                "principal": {"id": agent.principal.ref, "name": agent.principal.name, "kind": agent.principal.kind},
                "scope": identity.scope,
                "payment_methods": [{"id": method.ref, "label": method.label} for method in methods],
                "payout_account": {"id": payout.ref, "state": payout.state} if payout else None,
            }
        )


class MechanismsView(APIView):
    """The rules that a market may have."""

    @extend_schema(summary="Every rule, with parameters and claims", responses=OBJECTS)
    def get(self, request: Request) -> Response:
        """All SPECs."""
        return Response({"mechanisms": rules()})
