"""Who am I, and which rules are there."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.keys import Identity
from marketplace.agents.models import Agent
from marketplace.bidding.models import Participation
from marketplace.core import clock, limits
from marketplace.core.money import minor_text
from marketplace.doors.rest.balances import balances_answer
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import answered
from marketplace.doors.rest.shapes.agents import Me
from marketplace.doors.rest.shapes.markets import Mechanisms
from marketplace.mandates import documents
from marketplace.mandates.ceilings import room
from marketplace.mandates.grants import Chain, chain_of
from marketplace.mandates.words import sentences
from marketplace.markets.catalogue import rules
from marketplace.markets.models import Market
from marketplace.settlement.models import PaymentMethod, PayoutAccount

UNDER_WAY = (Market.State.OPEN, Market.State.CLOSED)


class MeView(APIView):
    """The agent behind the key."""

    @extend_schema(
        operation_id="me", summary="Who am I, for whom, how is money paid, where do I take part", responses=answered(Me)
    )
    def get(self, request: Request) -> Response:
        """The caller as the market sees it."""
        return Response(me_answer(caller(request)))


class MechanismsView(APIView):
    """The rules that a market may have."""

    @extend_schema(
        operation_id="mechanisms",
        summary="Every rule, with parameters and claims",
        auth=[],
        responses=answered(Mechanisms),
    )
    def get(self, request: Request) -> Response:
        """All SPECs."""
        return Response({"mechanisms": rules()})


def me_answer(identity: Identity) -> dict[str, Any]:
    """Agent, principal, money and what it takes part in, as every door tells it."""
    agent = Agent.objects.select_related("principal").get(pk=identity.agent_id)
    methods = PaymentMethod.objects.filter(principal_id=identity.principal_id, state="active")
    payout = PayoutAccount.objects.filter(principal_id=identity.principal_id).first()
    return {
        "agent": agent.ref,
        "name": agent.name,
        "principal": {"id": agent.principal.ref, "name": agent.principal.name, "kind": agent.principal.kind},
        "scopes": sorted(identity.scopes),
        "key": identity.key_ref,
        "mandate": mandate_answer(chain_of(agent)),
        "payment_methods": [_method(method) for method in methods],
        "balances": balances_answer(identity.principal_id),
        "payout_account": {"id": payout.ref, "state": payout.state} if payout else None,
        "participations": [_standing(row) for row in _taking_part(identity.agent_id)],
        "server_time": clock.stamp(clock.now()),
    }


def mandate_answer(chain: Chain) -> dict[str, Any]:
    """What an agent may do, as JSON and in words; those above it bind it too."""
    document = chain.own.document
    return {
        "revoked": any(link.revoked for link in chain.links),
        "document": documents.plain(document),
        "means": sentences(document),
        "room": {currency: _room(chain, currency) for currency in sorted(document.ceilings or {})},
        "time_zone": chain.time_zone,
        "above": [link.agent.ref for link in chain.links[1:]],
    }


def _room(chain: Chain, currency: str) -> dict[str, int]:
    """What is left below each ceiling now."""
    left = room(chain.own, currency, clock.now(), chain.time_zone)
    return {f"{name}_minor": amount for name, amount in left.items()}


def _method(method: PaymentMethod) -> dict[str, str]:
    return {"id": method.ref, "label": method.label, **({"purse": method.purse} if method.purse else {})}


def _taking_part(agent_id: int) -> QuerySet[Participation]:
    """What may still cost the agent something: joined, and the market not over; soonest close first, at most a page."""
    rows = Participation.objects.filter(agent_id=agent_id, market__state__in=UNDER_WAY)
    live = rows.exclude(state=Participation.State.REFUSED).select_related("market")
    return live.order_by("market__closes_at", "pk")[: limits.PAGE_ROWS]


def _standing(row: Participation) -> dict[str, Any]:
    return {
        "id": row.ref,
        "market": row.market.ref,
        "market_state": row.market.state,
        "closes_at": clock.stamp(row.market.closes_at),
        "state": row.state,
        "limit_minor": row.limit_minor,
        "currency": row.market.currency,
        "means": f"You can be charged at most {minor_text(row.limit_minor, row.market.currency)}.",
    }
