"""The inbox for the schema and the browsable page; a server answers its GET before Django sees it, same bytes."""

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.core import limits
from marketplace.doors.inbox import answer_inbox
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import NUMBER_AFTER, answered
from marketplace.doors.rest.shapes.markets import InboxPage
from marketplace.doors.rest.strict import response

WAIT = OpenApiParameter("wait", {"type": "integer", "minimum": 0, "maximum": limits.POLL_SECONDS})


class InboxView(APIView):
    """All that concerns the caller, over all its markets."""

    @extend_schema(
        operation_id="inbox",
        summary="My inbox past a number; waits up to so many seconds for what comes next",
        parameters=[NUMBER_AFTER, WAIT],
        responses=answered(InboxPage),
    )
    def get(self, request: Request) -> Response:
        """A page of events, and the number to go on from; without waiting, for here a thread would wait."""
        query = {name: value for name, value in request.query_params.items() if name not in ("format", "wait")}
        return response(async_to_sync(answer_inbox)(caller(request), query))
