"""The pages for programs: who accepts application/json rather than HTML gets what the page shows as JSON."""

import msgspec
from django.http import HttpRequest, HttpResponse

from marketplace.core import clock, limits, streams
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import Answer, refused, said
from marketplace.doors.rest.markets import market_answer
from marketplace.markets.models import Market

HTML, JSON = "text/html", "application/json"


def wants_json(request: HttpRequest) -> bool:
    """Whether the request prefers JSON; a browser, and who takes anything, gets HTML."""
    return request.get_preferred_type([HTML, JSON]) == JSON


def index_json(markets: list[Market]) -> HttpResponse:
    """The markets of the index page."""
    return carried(said(200, {"markets": [market_answer(row) for row in markets], "server_time": _now()}))


def market_json(market: Market) -> HttpResponse:
    """One market with its public events, in the bytes of every door; the rest is read by number at its address."""
    rows = streams.read(market.stream, 0, limits.EVENT_PAGE_ROWS)
    events = [msgspec.Raw(streams.frame(market.stream, row)) for row in rows]
    more = {"events": events, "events_at": f"/api/v1/markets/{market.ref}/events/"}
    return carried(said(200, market_answer(market) | more))


def refused_json(refusal: Refusal) -> HttpResponse:
    """A refusal as at every door."""
    return carried(refused(refusal))


def _now() -> str | None:
    return clock.stamp(clock.now())


def carried(reply: Answer) -> HttpResponse:
    """An answer of the doors as a page's."""
    response = HttpResponse(reply.body, status=reply.status, headers=reply.headers)
    response["Vary"] = "Accept"
    response["Cache-Control"] = "no-cache"
    return response
