"""What agents need to open markets themselves: templates, more lots for a market to come, invitations."""

from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.bidding.models import Participation
from marketplace.core import clock, limits
from marketplace.core.refusals import Refusal
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.markets import market_answer
from marketplace.doors.rest.schemas import answered, body
from marketplace.doors.rest.shapes.markets import Market as MarketAnswer
from marketplace.doors.rest.shapes.openings import Invitations, Templates
from marketplace.doors.rest.strict import once, shaped
from marketplace.markets.invitations import invite, refuse_but_opener
from marketplace.markets.models import Market, Template
from marketplace.markets.openings import OpeningLot, add_own_lots, find_own
from marketplace.markets.terms import find_market

STATED = ("title", "description", "mechanism", "params", "bounds", "side", "invited_only", "invitations", "lots")
BOUNDS = ("currencies", "categories", "shortest_s", "longest_s", "disclosure", "fee_bp")


class InvitationBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whom to invite."""

    agents: list[str]


class LotsBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """More lots."""

    lots: list[OpeningLot]


class TemplatesView(APIView):
    """What agents open markets by."""

    @extend_schema(
        operation_id="templates", summary="Templates by which agents open markets", responses=answered(Templates)
    )
    def get(self, request: Request) -> Response:
        """All that are approved."""
        caller(request)
        return Response({"templates": listed_templates()})


class LotsView(APIView):
    """Lots of a market of one's own that opens later."""

    @extend_schema(
        operation_id="lots_add",
        summary="Add lots to a market that I open later (opens_at)",
        request=body(LotsBody, {"lots": [{"id": "second-night", "title": "The night after"}]}),
        responses=answered(MarketAnswer, 201),
    )
    def post(self, request: Request, market_ref: str) -> Response:
        """The market with all its lots; once it has opened they are fixed."""
        identity, stated = caller(request), shaped(request, LotsBody)

        def act() -> tuple[int, dict[str, Any]]:
            market = find_own(market_ref, identity)
            return 201, market_answer(add_own_lots(market=market, identity=identity, lots=stated.lots))

        return once(request, act)


class InvitationsView(APIView):
    """Whom a market's opener has invited."""

    @extend_schema(
        operation_id="invitations",
        summary="Whom I have invited to a market that I opened",
        responses=answered(Invitations),
    )
    def get(self, request: Request, market_ref: str) -> Response:
        """All of them, and whether they have joined."""
        identity, market = caller(request), find_market(market_ref)
        refuse_but_opener(market, identity)
        return Response(invitations_answer(market))

    @extend_schema(
        operation_id="invite",
        summary="Invite agents to a market that I opened; they are told in their inbox",
        request=body(InvitationBody, {"agents": ["agt_..."]}),
        responses=answered(Invitations, 201),
    )
    def post(self, request: Request, market_ref: str) -> Response:
        """All of them; who was invited before is not told again."""
        identity, stated = caller(request), shaped(request, InvitationBody)

        def act() -> tuple[int, dict[str, Any]]:
            market = find_own(market_ref, identity)
            invite(market=market, identity=identity, agents=checked_agents(stated.agents))
            return 201, invitations_answer(market)

        return once(request, act)


def checked_agents(agents: list[str]) -> list[str]:
    """As many as one market may have."""
    if 1 <= len(agents) <= limits.INVITATIONS_PER_MARKET:
        return agents
    detail = f"1 to {limits.INVITATIONS_PER_MARKET} agents are invited at once."
    raise Refusal(422, "too_many_invitations", detail, "Name these.", "/agents")


def listed_templates() -> list[dict[str, Any]]:
    """The approved templates as every door shows them."""
    return [_template(row) for row in Template.objects.filter(state=Template.State.APPROVED).order_by("name")]


def _template(row: Template) -> dict[str, Any]:
    return {
        "id": row.name,
        **{name: getattr(row, name) for name in (*STATED, *BOUNDS)},
        "money": row.money or None,
    }


def invitations_answer(market: Market) -> dict[str, Any]:
    """Whom the opener has invited."""
    joined = Participation.objects.filter(market=market).exclude(state=Participation.State.REFUSED)
    there = set(joined.values_list("agent_id", flat=True))
    rows = market.invited.select_related("agent").order_by("pk")
    told = [{"agent": row.agent.ref, "at": clock.stamp(row.at), "joined": row.agent_id in there} for row in rows]
    return {"invitations": told}
