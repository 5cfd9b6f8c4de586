"""Markets: found by agents, opened by operators."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.models import Agent
from marketplace.core import clock
from marketplace.core.ladder import DECADE
from marketplace.core.untrusted import untrusted
from marketplace.doors.finding import FILTERS, found_markets, schema_of_filter
from marketplace.doors.paging import listed
from marketplace.doors.rest.keys import caller, operator, somebody
from marketplace.doors.rest.schemas import PARAMETERS, answered, schema_of
from marketplace.doors.rest.shapes.markets import Market as MarketAnswer
from marketplace.doors.rest.shapes.markets import MarketPage
from marketplace.doors.rest.strict import once, shaped
from marketplace.markets.catalogue import rule
from marketplace.markets.configuration import MarketConfiguration
from marketplace.markets.models import Market
from marketplace.markets.money import assumed, money_answer
from marketplace.markets.openings import Opening, open_by_template
from marketplace.markets.services import create_market, open_market
from marketplace.markets.terms import find_market

FILTER_PARAMETERS = [
    OpenApiParameter(name, schema_of_filter(name), description=words) for name, words in FILTERS.items()
]
EXAMPLE = {
    "template": "sale",
    "title": "One concert ticket",
    "currency": "EUR",
    "lots": [{"id": "ticket", "title": "Row 7", "reserve": 3000}],
    "closes_in_s": 60,
}


class MarketsView(APIView):
    """The list, and new markets."""

    @extend_schema(
        operation_id="markets",
        summary="Markets, by filters, in an order drawn for the caller",
        parameters=[*FILTER_PARAMETERS, *PARAMETERS],
        responses=answered(MarketPage),
    )
    def get(self, request: Request) -> Response:
        """A page, in an order drawn for this caller: coming first shall be worth nothing."""
        page = found_markets(request.query_params.dict(), caller(request))
        return Response(listed("markets", page, market_answer))

    @extend_schema(
        operation_id="market_open",
        summary="Open a market: by a template, or (operators) by any rule",
        request={
            "application/json": {
                "oneOf": [schema_of(Opening), schema_of(MarketConfiguration)],
                "example": EXAMPLE,
            }
        },
        responses=answered(MarketAnswer, 201),
    )
    def post(self, request: Request) -> Response:
        """A market that opens at its time and closes by the database's clock."""
        somebody(request)
        if "template" in request.data:
            return self._by_template(request)
        identity = operator(request)
        config = shaped(request, MarketConfiguration)

        def act() -> tuple[int, dict[str, Any]]:
            market = create_market(config=config, operator=Agent.objects.get(pk=identity.agent_id))
            if config.opens_at is None:
                open_market(market=market)
            return 201, market_answer(market)

        return once(request, act)

    def _by_template(self, request: Request) -> Response:
        identity, opening = caller(request), shaped(request, Opening)
        return once(request, lambda: (201, market_answer(open_by_template(opening=opening, identity=identity))))


class MarketView(APIView):
    """One market."""

    @extend_schema(
        operation_id="market",
        summary="One market: terms, lots, state, deadline, server time",
        responses=answered(MarketAnswer),
    )
    def get(self, request: Request, market_ref: str) -> Response:
        """Everything public about it."""
        caller(request)
        return Response(market_answer(find_market(market_ref)))


def market_answer(market: Market) -> dict[str, Any]:
    """A market as every door shows it."""
    return {
        "id": market.ref,
        "title": market.title,
        "description": untrusted(market.description),
        "mechanism": market.mechanism,
        "template": market.template.name if market.template else None,
        "opener": market.opener.ref if market.opener else None,
        "invited_only": market.invited_only,
        "params": market.params,
        "by_turns": rule(market.mechanism).by_turns,
        "agenda": market.agenda or None,
        "state": market.state,
        "currency": market.currency,
        "exponent": market.exponent,
        "unit": f"Amounts count 10^-{market.exponent} {market.currency}.",
        "lots": [_lot_answer(lot) for lot in market.lots.all()],
        "disclosure": market.disclosure,
        "several_agents": market.several_agents,
        "payment": money_answer(market),
        "claims": claims_answer(market),
        "accept_within_s": market.accept_within_s,
        "cancellation": market.cancellation,
        "limit_ladder": DECADE if rule(market.mechanism).visibility == "sealed" else None,
        "participants": market.participants,
        "opens_at": clock.stamp(market.opens_at),
        "closes_at": clock.stamp(market.closes_at),
        "turn_due_at": clock.stamp(market.turn_due_at),
        "server_time": clock.stamp(clock.now()),
    }


def claims_answer(market: Market) -> list[dict[str, Any]]:
    """What the rule promises here, and on which assumptions."""
    found = rule(market.mechanism).claims
    return [
        {"name": claim.name, "status": claim.status, "assumes": assumed(market, list(claim.assumes))} for claim in found
    ]


def _lot_answer(lot: Any) -> dict[str, Any]:
    return {
        "id": lot.name,
        "title": untrusted(lot.title),
        "supply": lot.supply,
        "reserve": lot.reserve,
        "seller": lot.seller.ref if lot.seller else None,
        "buyer": lot.buyer.ref if lot.buyer else None,
        "category": lot.category or None,
        "attributes": lot.attributes,
    }
