"""Addresses of the API that do not exist, answered as everything else is."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.core.refusals import Refusal


@extend_schema(exclude=True)
class UnknownView(APIView):
    """Whatever the method."""

    authentication_classes: list[type] = []

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Refuse before anything is read."""
        path = request.path[:120]
        raise Refusal(404, "not_found", f"There is nothing at {path!r}.", "See /api/docs/ for what there is.")

    def get(self, request: Request, rest: str) -> Response:
        """Never reached."""
        raise NotImplementedError
