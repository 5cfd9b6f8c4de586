"""What has happened: events, outcomes, money, reports."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.bidding.inclusion import proof_answer
from marketplace.clearing.explanations import outcome_answer
from marketplace.clearing.packages import package_answer
from marketplace.core import clock, limits, streams
from marketplace.core.money import minor_text
from marketplace.core.refusals import Refusal
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import NUMBER_AFTER, NUMBER_MINE, PARAMETERS, answered
from marketplace.doors.rest.shapes.markets import Events
from marketplace.doors.rest.shapes.results import Outcome, Package, SettlementPage
from marketplace.doors.rest.shapes.trading import Proof
from marketplace.doors.rest.trading import own_participations
from marketplace.markets.terms import find_market
from marketplace.reports.outcomes import outcome_rows
from marketplace.reports.spreadsheets import as_csv
from marketplace.settlement.models import Obligation


class EventsView(APIView):
    """The streams of a market, read by number."""

    @extend_schema(
        operation_id="events",
        summary="Events past a number: the public stream, and mine",
        parameters=[NUMBER_AFTER, NUMBER_MINE],
        responses=answered(Events),
    )
    def get(self, request: Request, market_ref: str) -> Response:
        """The same frames as the websocket sends."""
        identity, market = caller(request), find_market(market_ref)
        frames = [_frames(market.stream, _number(request, "after"))]
        frames += [
            _frames(row.stream, _number(request, "mine")) for row in own_participations(market_ref, identity.agent_id)
        ]
        return Response(b'{"events":[' + b",".join(frame for page in frames for frame in page) + b"]}")


class OutcomeView(APIView):
    """What a market came to."""

    @extend_schema(operation_id="outcome", summary="The outcome, mine and why", responses=answered(Outcome))
    def get(self, request: Request, market_ref: str) -> Response:
        """As the market's disclosure allows."""
        rows = own_participations(market_ref, caller(request).agent_id)
        return Response(outcome_answer(find_market(market_ref), rows[0].ref if rows else None))


class PackageView(APIView):
    """Everything to check a cleared round by."""

    @extend_schema(
        operation_id="package",
        summary="Problem, outcome, certificate and receipts, for `python -m mechanisms verify`",
        responses=answered(Package),
    )
    def get(self, request: Request, market_ref: str) -> Response:
        """Where the market is public; else for its operator only."""
        identity = caller(request)
        return Response(package_answer(find_market(market_ref), identity))


class ProofView(APIView):
    """That a bid was in."""

    @extend_schema(
        operation_id="proof",
        summary="The proof that my bid was in, unchanged, once the market has closed",
        responses=answered(Proof),
    )
    def get(self, request: Request, market_ref: str, bid_ref: str) -> Response:
        """The way from the bid's receipt to the root that was published at the close."""
        identity = caller(request)
        return Response(proof_answer(find_market(market_ref), bid_ref, identity.agent_id))


class SettlementsView(APIView):
    """The caller's money."""

    @extend_schema(
        operation_id="settlements",
        summary="What I owe and am owed, and what became of it",
        parameters=PARAMETERS,
        responses=answered(SettlementPage),
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        rows = Obligation.objects.filter(principal_id=caller(request).principal_id)
        return Response(listed("settlements", newest_first(rows, paging(request.query_params.dict())), _settlement))


class ReportView(APIView):
    """The outcome report of a market."""

    @extend_schema(
        operation_id="report", summary="The outcome as CSV, one row an award", responses={(200, "text/csv"): str}
    )
    def get(self, request: Request, market_ref: str) -> HttpResponse:
        """By pseudonym, where the market's disclosure allows it; else the caller's own row only."""
        identity, market = caller(request), find_market(market_ref)
        own = {row.ref for row in own_participations(market_ref, identity.agent_id)}
        rows = outcome_rows(market, own=own, everything=market.operator_id == identity.agent_id)
        name = f"outcome-{market.ref}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8", headers=headers)


def _frames(stream: str, after: int) -> list[bytes]:
    return [streams.frame(stream, row) for row in streams.read(stream, after, limits.EVENT_PAGE_ROWS)]


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    raise Refusal(400, "out_of_range", f"{name} is a whole number, 0 or more.", "Send the last number that you have.")


def _settlement(row: Obligation) -> dict[str, object]:
    paying = row.kind in (Obligation.Kind.COLLECT, Obligation.Kind.REVERSAL)
    act = "You pay" if paying else "You receive"
    owed = f", {minor_text(row.arrears_minor, row.currency)} of it owed from before" if row.arrears_minor else ""
    return {
        "id": row.ref,
        "round": row.round_ref,
        "kind": row.kind,
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        "means": f"{act} {minor_text(row.amount_minor, row.currency)}{owed}.",
        "state": row.state,
        "settled_at": clock.stamp(row.settled_at),
    }
