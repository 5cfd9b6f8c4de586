"""Strict input and problem documents for DRF's views."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from django.http import Http404
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core import limits, strict_json
from marketplace.core.idempotency import Answer as Stored
from marketplace.core.idempotency import answer_once, bind, checked_key, fingerprint
from marketplace.core.refusals import CONTENT_TYPE, Refusal
from marketplace.doors.answer import Answer, refused
from marketplace.doors.batches import BATCH_BOUNDS

T = TypeVar("T")
Act = Callable[[], tuple[int, dict[str, Any]]]
CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 406: "not_acceptable"}


class StrictJSONParser(BaseParser):
    """JSON bodies, parsed as strictly as at every door."""

    media_type = "application/json"
    bounds = (limits.BODY_BYTES, limits.JSON_DEPTH)

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The body's value; one byte past the bound is enough to refuse it."""
        return strict_json.parse_object(stream.read(self.bounds[0] + 1), *self.bounds)


class BatchParser(StrictJSONParser):
    """The same for a batch of bids, which may be longer and is as deep as its bids are."""

    bounds = BATCH_BOUNDS


class EncodedRenderer(JSONRenderer):
    """JSON that another part has written already goes out as it stands; the rest is written by msgspec."""

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """The body's bytes."""
        if isinstance(data, bytes):
            return data
        return b"" if data is None else msgspec.json.encode(data)


def shaped(request: Request, shape: type[T]) -> T:
    """The request's body as a msgspec Struct."""
    return strict_json.shaped(request.data, shape)


def idempotency_key(request: Request) -> str:
    """The request's Idempotency-Key; refused where there is none."""
    return checked_key(request.headers.get("Idempotency-Key"))


def once(request: Request, act: Act, unstored: dict[str, Any] | None = None) -> Response:
    """Answer a POST once per caller, path, key and body; `act` gives (status, value).

    `unstored` is added to every answer, the first and the repeated, and never written down.
    """

    def stored() -> Stored:
        status, value = act()
        return status, msgspec.json.encode(value)

    status, body = answer_once(
        caller=request.user.agent_ref,
        path=request.path,
        key=idempotency_key(request),
        body_hash=_body_hash(request),
        act=stored,
    )
    return Response({**msgspec.json.decode(body), **unstored} if unstored else body, status=status)


def bind_key(request: Request) -> None:
    """Refuse a key that came before with another body; for acts that are repeat-safe by themselves."""
    caller, key = request.user.agent_ref, idempotency_key(request)
    bind(caller=caller, path=request.path, key=key, body_hash=_body_hash(request))


def _body_hash(request: Request) -> str:
    return fingerprint(strict_json.canonical(request.data))


def response(reply: Answer) -> Response:
    """An answer of the common kind, carried by DRF."""
    headers = {name: value for name, value in reply.headers.items() if name != "content-type"}
    return Response(reply.body, status=reply.status, headers=headers, content_type=reply.headers["content-type"])


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error that a view raises as a problem document; None lets Django make its 500 of it."""
    if isinstance(error, Refusal):
        return response(refused(error))
    if isinstance(error, Http404):
        return response(refused(Refusal(404, "not_found", "There is nothing here.", "See /api/docs/ for what exists.")))
    if isinstance(error, exceptions.UnsupportedMediaType):
        fix = "Send the header 'Content-Type: application/json'."
        return response(refused(Refusal(415, "not_json", "The body must be JSON.", fix)))
    if isinstance(error, exceptions.APIException):
        code = CODES.get(error.status_code, "refused")
        reply = response(refused(Refusal(error.status_code, code, str(error.detail), "See /api/docs/.")))
        reply["Content-Type"] = CONTENT_TYPE
        return reply
    return None
