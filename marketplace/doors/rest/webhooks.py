"""Where an agent's inbox is sent: webhooks, made, listed, rotated, tried, deleted."""

from typing import Annotated, Any

import msgspec
from drf_spectacular.utils import extend_schema
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.agents.keys import Identity
from marketplace.agents.models import Agent
from marketplace.core import clock, limits
from marketplace.core.refusals import not_found
from marketplace.doors.models import Webhook
from marketplace.doors.paging import listed, newest_first, paging
from marketplace.doors.rest.keys import caller
from marketplace.doors.rest.schemas import PARAMETERS, NothingBody, answered, body
from marketplace.doors.rest.shapes.webhooks import Webhook as WebhookAnswer
from marketplace.doors.rest.shapes.webhooks import WebhookPage, WebhookSecret, WebhookTried
from marketplace.doors.rest.strict import once, shaped
from marketplace.doors.webhooks.addresses import URL_CHARS
from marketplace.doors.webhooks.services import add_webhook, rotate_secret, try_webhook

Kind = Annotated[str, Meta(min_length=1, max_length=40)]


class WebhookBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An address, and which kinds of events it wants; none named: all."""

    url: Annotated[str, Meta(min_length=1, max_length=URL_CHARS)]
    kinds: Annotated[list[Kind], Meta(max_length=limits.KINDS_PER_WEBHOOK)] = []


class WebhooksView(APIView):
    """The list, and new webhooks."""

    @extend_schema(
        operation_id="webhooks", summary="My webhooks", parameters=PARAMETERS, responses=answered(WebhookPage)
    )
    def get(self, request: Request) -> Response:
        """Newest first, without their secrets."""
        rows = Webhook.objects.filter(agent_id=caller(request).agent_id)
        return Response(listed("webhooks", newest_first(rows, paging(request.query_params.dict())), _answer))

    @extend_schema(
        operation_id="webhook_add",
        summary="Have my inbox sent to an address; the answer has the secret that signs it",
        request=body(WebhookBody, {"url": "https://agent.example/walras", "kinds": ["round.cleared"]}),
        responses=answered(WebhookSecret, 201),
    )
    def post(self, request: Request) -> Response:
        """What comes from now on, in order, each event at least once."""
        identity, stated = caller(request), shaped(request, WebhookBody)

        def act() -> tuple[int, dict[str, Any]]:
            agent = Agent.objects.get(pk=identity.agent_id)
            return 201, _with_secret(add_webhook(agent=agent, url=stated.url, kinds=stated.kinds))

        return once(request, act)


class WebhookView(APIView):
    """One webhook."""

    @extend_schema(
        operation_id="webhook", summary="One of my webhooks, and how it fares", responses=answered(WebhookAnswer)
    )
    def get(self, request: Request, webhook_ref: str) -> Response:
        """Its state, its last answer, and up to which event it has taken."""
        return Response(_answer(_own(caller(request), webhook_ref)))

    @extend_schema(operation_id="webhook_delete", summary="Send nothing there any more", responses={204: None})
    def delete(self, request: Request, webhook_ref: str) -> Response:
        """Gone; what is on its way may still arrive."""
        _own(caller(request), webhook_ref).delete()
        return Response(status=204)


class RotateView(APIView):
    """The secret's rotation."""

    @extend_schema(
        operation_id="webhook_rotate",
        summary="A new secret; the one of before signs too for a day",
        request=body(NothingBody, {}),
        responses=answered(WebhookSecret, 201),
    )
    def post(self, request: Request, webhook_ref: str) -> Response:
        """A repeat gets the same secret."""
        row = _own(caller(request), webhook_ref)
        shaped(request, NothingBody)
        return once(request, lambda: (201, _with_secret(rotate_secret(webhook=row))))


class TestView(APIView):
    """The test button."""

    @extend_schema(
        operation_id="webhook_test",
        summary="Put webhook.test into my inbox and try the address now, also where it was disabled",
        request=body(NothingBody, {}),
        responses=answered(WebhookTried, 202),
    )
    def post(self, request: Request, webhook_ref: str) -> Response:
        """The event's number; when `delivered` of the webhook has reached it, it was taken."""
        row = _own(caller(request), webhook_ref)
        shaped(request, NothingBody)
        return once(request, lambda: (202, {"id": row.ref, "event": try_webhook(webhook=row)}))


def _own(identity: Identity, webhook_ref: str) -> Webhook:
    row = Webhook.objects.filter(agent_id=identity.agent_id, ref=webhook_ref).select_related("agent").first()
    if row is None:
        raise not_found("webhook", webhook_ref)
    return row


def _with_secret(row: Webhook) -> dict[str, Any]:
    return _answer(row) | {"secret": row.secret.open()}


def _answer(row: Webhook) -> dict[str, Any]:
    return {
        "id": row.ref,
        "url": row.url,
        "kinds": row.kinds,
        "state": row.state,
        "delivered": row.delivered,
        "last_status": row.last_status,
        "last_error": row.last_error,
        "failing_since": clock.stamp(row.failing_since),
        "created_at": clock.stamp(row.created_at),
    }
