"""Markets: found by agents, opened by operators."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.models import Agent
from marketplace.core import clock, limits
from marketplace.core.money import CURRENCIES
from marketplace.core.refusals import Refusal
from marketplace.core.untrusted import untrusted
from marketplace.doors.rest.keys import caller, operator
from marketplace.doors.rest.schemas import CREATED, OBJECT, OBJECTS, body
from marketplace.doors.rest.strict import once, shaped
from marketplace.markets.catalogue import rules
from marketplace.markets.configuration import MarketConfiguration
from marketplace.markets.models import Market
from marketplace.markets.services import create_market, open_market
from marketplace.markets.terms import find_market

FILTERS = ("state", "mechanism", "currency", "open_for")
KNOWN_VALUES: dict[str, Callable[[], list[str]]] = {
    "state": lambda: [state for state in Market.State.values if state != Market.State.DRAFT],
    "mechanism": lambda: [rule["slug"] for rule in rules()],
    "currency": lambda: sorted(CURRENCIES),
}
EXAMPLE = {
    "title": "One concert ticket",
    "mechanism": "second_price",
    "currency": "EUR",
    "lots": [{"id": "ticket", "seller": "agt_..."}],
    "closes_in_s": 60,
}


class MarketsView(APIView):
    """The list, and new markets."""

    @extend_schema(
        operation_id="markets",
        summary="Markets, by state, mechanism, currency, or open for at least so many seconds more",
        parameters=[OpenApiParameter(name, str) for name in FILTERS],
        responses=OBJECTS,
    )
    def get(self, request: Request) -> Response:
        """At most a page, in an order drawn for this caller: coming first shall be worth nothing."""
        filters = {name: value for name, value in request.query_params.items() if name != "format"}
        rows = found_markets(filters, caller(request).agent_ref)
        return Response({"markets": [market_answer(market) for market in rows]})

    @extend_schema(summary="Open a market (operators)", request=body(MarketConfiguration, EXAMPLE), responses=CREATED)
    def post(self, request: Request) -> Response:
        """A market that opens at its time and closes by the database's clock."""
        identity = operator(request)
        config = shaped(request, MarketConfiguration)

        def act() -> tuple[int, dict[str, Any]]:
            market = create_market(config=config, operator=Agent.objects.get(pk=identity.agent_id))
            if config.opens_at is None:
                open_market(market=market)
            return 201, market_answer(market)

        return once(request, act)


class MarketView(APIView):
    """One market."""

    @extend_schema(
        operation_id="market", summary="One market: terms, lots, state, deadline, server time", responses=OBJECT
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
        "params": market.params,
        "state": market.state,
        "currency": market.currency,
        "exponent": market.exponent,
        "unit": f"Amounts count 10^-{market.exponent} {market.currency}.",
        "lots": [_lot_answer(lot) for lot in market.lots.all()],
        "disclosure": market.disclosure,
        "participants": market.participants,
        "opens_at": clock.stamp(market.opens_at),
        "closes_at": clock.stamp(market.closes_at),
        "server_time": clock.stamp(clock.now()),
    }


def _lot_answer(lot: Any) -> dict[str, Any]:
    return {
        "id": lot.name,
        "title": untrusted(lot.title),
        "supply": lot.supply,
        "reserve": lot.reserve,
        "seller": lot.seller.ref if lot.seller else None,
        "category": lot.category or None,
        "attributes": lot.attributes,
    }


def found_markets(filters: Mapping[str, str], agent_ref: str) -> list[Market]:
    """At most a page of markets, in the order drawn for this agent."""
    rows = list(_filtered(filters).prefetch_related("lots__seller")[: limits.PAGE_ROWS])
    random.Random(agent_ref).shuffle(rows)
    return rows


def _filtered(filters: Mapping[str, str]) -> QuerySet[Market]:
    rows = Market.objects.exclude(state=Market.State.DRAFT).order_by("-closes_at")
    for name, value in filters.items():
        if name == "open_for":
            rows = rows.filter(state=Market.State.OPEN, closes_at__gte=clock.now() + _seconds(value))
        elif name in KNOWN_VALUES:
            rows = rows.filter(**{name: _known_value(name, value)})
        else:
            raise Refusal(400, "unknown_filter", f"There is no filter {name[:64]!r}.", f"Use {', '.join(FILTERS)}.")
    return rows


def _known_value(name: str, value: str) -> str:
    known = KNOWN_VALUES[name]()
    if value in known:
        return value
    raise Refusal(400, "unknown_filter_value", f"No {name} is called {value[:64]!r}.", f"Use {', '.join(known)}.")


def _seconds(text: str) -> timedelta:
    if text.isascii() and text.isdigit() and len(text) < 9:
        return timedelta(seconds=int(text))
    raise Refusal(400, "unknown_filter_value", "open_for is a whole number of seconds.", "Send 0 or more.")
