"""Joining and bidding over REST."""

from collections.abc import Coroutine
from typing import Any

import msgspec
from asgiref.sync import async_to_sync
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.bidding.answers import participation_answer, raise_answer, standing_answer
from marketplace.bidding.models import Bid, Participation
from marketplace.bidding.participations import join_market
from marketplace.bidding.previews import preview_bid
from marketplace.bidding.raises import raise_limit
from marketplace.bidding.submissions import BidBody
from marketplace.core.refusals import Refusal, not_found
from marketplace.doors.answer import Answer, answer_bid, answer_replacement, answer_withdrawal, refused
from marketplace.doors.batches import StatedBatch, answer_batch
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import PARAMETERS, answered, body
from marketplace.doors.rest.shapes.previews import Preview
from marketplace.doors.rest.shapes.trading import (
    BatchAnswer,
    BidAcknowledged,
    BidWithdrawn,
    OwnBid,
    OwnBidPage,
    ParticipationPage,
)
from marketplace.doors.rest.shapes.trading import Participation as ParticipationAnswer
from marketplace.doors.rest.shapes.trading import Raise as RaiseAnswer
from marketplace.doors.rest.strict import BatchParser, idempotency_key, response, shaped
from marketplace.markets.terms import find_market, terms_of

BID = {"steps": [{"lot": "ticket", "quantity": 1, "price": 4500}]}


class JoinBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How one joins: with the most that one can be charged, in minor units."""

    limit_minor: int


class ParticipationsView(APIView):
    """Joining a market."""

    @extend_schema(
        operation_id="join",
        summary="Join, under a limit that is held on the card",
        request=body(JoinBody, {"limit_minor": 5000}),
        responses=answered(ParticipationAnswer, 201, 202),
    )
    def post(self, request: Request, market_ref: str) -> Response:
        """201 when the hold stands, 202 while the processor or the agent's person has not answered."""
        identity, stated = caller(request), shaped(request, JoinBody)
        participation = join_market(
            market=find_market(market_ref),
            identity=identity,
            limit_minor=stated.limit_minor,
            key=idempotency_key(request),
        )
        joined = participation.state == Participation.State.ACTIVE
        answer = participation_answer(participation, terms_of(market_ref))
        return Response(answer, status=201 if joined else 202)

    @extend_schema(
        operation_id="participations",
        summary="My participation",
        parameters=PARAMETERS,
        responses=answered(ParticipationPage),
    )
    def get(self, request: Request, market_ref: str) -> Response:
        """The caller's own, never others'."""
        identity, terms = caller(request), terms_of(market_ref)
        page = newest_first(own_participations(market_ref, identity.agent_id), paging(request.query_params.dict()))
        return Response(listed("participations", page, lambda row: participation_answer(row, terms)))


class RaisesView(APIView):
    """Raising the limit of one's participation."""

    @extend_schema(
        operation_id="limit_raise",
        summary="Raise my limit; a larger hold takes the place of the first",
        request=body(JoinBody, {"limit_minor": 7500}),
        responses=answered(RaiseAnswer, 201, 202),
    )
    def post(self, request: Request, market_ref: str) -> Response:
        """201 when the larger hold stands, 202 while the processor or the agent's person has not answered."""
        identity, stated = caller(request), shaped(request, JoinBody)
        row = raise_limit(
            market=find_market(market_ref),
            identity=identity,
            limit_minor=stated.limit_minor,
            key=idempotency_key(request),
        )
        return Response(raise_answer(row, terms_of(market_ref)), status=201 if row.state == row.State.DONE else 202)


class BidsView(APIView):
    """Bids; a server answers the POST before Django sees it, with the same bytes."""

    @extend_schema(
        operation_id="bid_submit",
        summary="Submit a sealed bid",
        request=body(BidBody, BID),
        responses=answered(BidAcknowledged, 201),
    )
    def post(self, request: Request, market_ref: str) -> Response:
        """The acknowledgement, once the bid is durable."""
        identity, key = caller(request), request.headers.get("Idempotency-Key")
        return _carried(answer_bid(request.data, key, identity, market_ref))

    @extend_schema(
        operation_id="bids",
        summary="My bids: id, status, receipt; newest first",
        parameters=PARAMETERS,
        responses=answered(OwnBidPage),
    )
    def get(self, request: Request, market_ref: str) -> Response:
        """The caller's own bids, without their content."""
        identity = caller(request)
        find_market(market_ref)
        page = newest_first(_own_bids(market_ref, identity.agent_id), paging(request.query_params.dict()))
        return Response(listed("bids", page, lambda row: standing_answer(row, row.participation.ref, market_ref)))


class BidBatchesView(APIView):
    """Many bids at once; a server answers the POST before Django sees it, with the same bytes."""

    parser_classes = (BatchParser,)

    @extend_schema(
        operation_id="bid_batch",
        summary="Submit up to 500 sealed bids, each decided alone",
        description="`results` has one entry a bid, in order: `{status, bid}` or `{status, problem}`.",
        request=body(StatedBatch, {"bids": [{"bid": BID, "agent_key": "wk_test_..."}]}),
        responses=answered(BatchAnswer),
    )
    def post(self, request: Request, market_ref: str) -> Response:
        """What became of each, once all that are accepted are durable."""
        identity, key = caller(request), request.headers.get("Idempotency-Key")
        return _carried(answer_batch(request.data, key, identity, market_ref))


class PreviewsView(APIView):
    """Bids that are only looked at."""

    @extend_schema(
        operation_id="preview",
        summary="What a bid would do; nothing is stored",
        request=body(BidBody, BID),
        responses=answered(Preview),
    )
    def post(self, request: Request, market_ref: str) -> Response:
        """The checks of a bid, the worst case in words, and warnings; no Idempotency-Key is needed."""
        identity = caller(request, "read")
        return Response(preview_bid(value=request.data, identity=identity, terms=terms_of(market_ref)))


class BidView(APIView):
    """One bid: looked at, replaced, withdrawn."""

    @extend_schema(operation_id="bid", summary="One of my bids: id, status, receipt", responses=answered(OwnBid))
    def get(self, request: Request, market_ref: str, bid_ref: str) -> Response:
        """The caller's own; another's does not exist for it."""
        row = _own_bids(market_ref, caller(request).agent_id).filter(ref=bid_ref).first()
        if row is None:
            raise not_found("bid", bid_ref)
        return Response(standing_answer(row, row.participation.ref, market_ref))

    @extend_schema(
        operation_id="bid_replace",
        summary="Replace my standing bid: the same as a POST that names it in replaces",
        request=body(BidBody, BID),
        responses=answered(BidAcknowledged, 201),
    )
    def put(self, request: Request, market_ref: str, bid_ref: str) -> Response:
        """The acknowledgement of the new bid, once it is durable."""
        identity, key = caller(request), request.headers.get("Idempotency-Key")
        return _carried(answer_replacement(request.data, key, identity, market_ref, bid_ref))

    @extend_schema(
        operation_id="bid_withdraw", summary="Withdraw my standing bid, while open", responses=answered(BidWithdrawn)
    )
    def delete(self, request: Request, market_ref: str, bid_ref: str) -> Response:
        """The acknowledgement, once it is durable; a repeat gets the same."""
        return _carried(answer_withdrawal(bid_ref, caller(request), market_ref))


def _carried(act: Coroutine[Any, Any, Answer]) -> Response:
    """What the common implementation answers, as DRF's response."""

    async def awaited() -> Answer:
        return await act

    try:
        return response(async_to_sync(awaited)())
    except Refusal as refusal:
        return response(refused(refusal))


def own_participations(market_ref: str, agent_id: int) -> QuerySet[Participation]:
    """The agent's participations in a market, refused ones left out: one at most."""
    find_market(market_ref)
    rows = Participation.objects.filter(market__ref=market_ref, agent_id=agent_id)
    return rows.exclude(state=Participation.State.REFUSED)


def _own_bids(market_ref: str, agent_id: int) -> QuerySet[Bid]:
    own = Bid.objects.filter(market__ref=market_ref, participation__agent_id=agent_id)
    return own.select_related("participation")
