"""Webhooks."""

from typing import Annotated

from msgspec import Meta

from marketplace.doors.models import Webhook as Row
from marketplace.doors.rest.shapes.common import Instant, Numbered, Shape, one_of

State = Annotated[str, one_of(Row.State.values)]


class Webhook(Shape, frozen=True, kw_only=True):
    """An address that the caller's inbox is sent to, and how it fares."""

    id: str
    url: str
    kinds: Annotated[list[str], Meta(description="only these kinds of events; empty: all")]
    state: State
    delivered: Annotated[int, Meta(description="the number of the last event that was taken")]
    last_status: int | None
    last_error: str
    failing_since: Instant | None
    created_at: Instant


class WebhookSecret(Webhook, frozen=True, kw_only=True):
    """A webhook with the secret that signs what is sent."""

    secret: Annotated[str, Meta(pattern="^whsec_")]


class WebhookPage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    webhooks: list[Webhook]
    next_cursor: str | None


class WebhookTried(Shape, frozen=True, kw_only=True):
    """The number of the event that tries it; once `delivered` has reached it, it was taken."""

    id: str
    event: Numbered
