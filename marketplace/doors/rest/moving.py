"""Moves over REST."""

from asgiref.sync import async_to_sync
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.bidding.move_answers import moved_answer, turn_answer, visible_moves
from marketplace.bidding.moves import MoveBody
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import refused
from marketplace.doors.moving import answer_move
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import PARAMETERS, answered, body
from marketplace.doors.rest.shapes.moving import MoveAcknowledged, MovePage
from marketplace.doors.rest.strict import response
from marketplace.doors.rest.trading import own_participations
from marketplace.markets.terms import find_market

OFFER = {"type": "offer", "data": {"agreement": {"price": 12000, "breakfast": "yes"}}}


class MovesView(APIView):
    """Moves; a server answers the POST before Django sees it, with the same bytes."""

    @extend_schema(
        operation_id="move",
        summary="Make a move: offer, accept, reject, bid, order ...",
        request=body(MoveBody, OFFER),
        responses=answered(MoveAcknowledged, 201),
    )
    def post(self, request: Request, market_ref: str) -> Response:
        """The acknowledgement, once the move is durable, with whose turn it is now."""
        identity, key = caller(request), request.headers.get("Idempotency-Key")
        try:
            return response(async_to_sync(answer_move)(request.data, key, identity, market_ref))
        except Refusal as refusal:
            return response(refused(refusal))

    @extend_schema(
        operation_id="moves",
        summary="The moves that I may read, newest first, and whose turn it is",
        parameters=PARAMETERS,
        responses=answered(MovePage),
    )
    def get(self, request: Request, market_ref: str) -> Response:
        """In a haggle both parties' moves, else the caller's own."""
        identity, market = caller(request), find_market(market_ref)
        seat = own_participations(market_ref, identity.agent_id).first()
        turn = turn_answer(market, seat)
        page = newest_first(visible_moves(market, seat), paging(request.query_params.dict()))
        return Response(listed("moves", page, moved_answer) | {"turn": turn})
