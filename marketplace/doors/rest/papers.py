"""Reports of one market: the page and the PDF, by suffix and by `Accept`."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from marketplace.agents.keys import Identity
from marketplace.doors.papers import FORMS, form_accepted, form_named, paper_response
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.reports import AnyMedia
from marketplace.markets.models import Market
from marketplace.markets.terms import find_market

SUFFIX = OpenApiParameter("suffix", str, OpenApiParameter.PATH, enum=list(FORMS))
FILES: dict[Any, Any] = {(200, "text/html"): OpenApiTypes.STR, (200, "application/pdf"): OpenApiTypes.BINARY}


class PaperFileView(APIView):
    """One market, by suffix."""

    content_negotiation_class = AnyMedia

    @extend_schema(
        operation_id="market_report_file",
        summary="The report of a market as a page or a PDF, with charts; in full for its operator",
        parameters=[SUFFIX],
        responses=FILES,
    )
    def get(self, request: Request, market_ref: str, suffix: str) -> HttpResponse:
        """As the market's disclosure allows."""
        identity, market = caller(request), find_market(market_ref)
        return paper_response(market, form_named(suffix), in_full=_operates(market, identity))


class PaperView(APIView):
    """One market, by `Accept`."""

    content_negotiation_class = AnyMedia

    @extend_schema(operation_id="market_report", summary="The same, its form by Accept", responses=FILES)
    def get(self, request: Request, market_ref: str) -> HttpResponse:
        """A page where anything is accepted."""
        identity, market = caller(request), find_market(market_ref)
        return paper_response(market, form_accepted(request._request), in_full=_operates(market, identity))


def _operates(market: Market, identity: Identity) -> bool:
    return market.operator_id == identity.agent_id
