"""Mandates and check-ins."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from marketplace.doors.rest.schemas import schema_of
from marketplace.doors.rest.shapes.common import Hash, Instant, Minor, Shape, one_of
from marketplace.mandates.documents import Document
from marketplace.mandates.models import CheckIn as Row

_OPEN = {"type": "object", "required": ["vct", "constraints"], "properties": {"constraints": {"type": "array"}}}
MANDATE = Meta(extra_json_schema={"anyOf": [schema_of(Document), {"type": "null"}]})
AP2 = Meta(
    description="the content of an AP2 open payment mandate", extra_json_schema={"anyOf": [_OPEN, {"type": "null"}]}
)
Verdict = Annotated[str, one_of(["alone", "ask", "never"])]


class Room(Shape, frozen=True, kw_only=True):
    """What is left below each ceiling that there is."""

    deal_minor: Minor | UnsetType = UNSET
    day_minor: Minor | UnsetType = UNSET
    standing_minor: Minor | UnsetType = UNSET
    total_minor: Minor | UnsetType = UNSET


class MandateNow(Shape, frozen=True, kw_only=True):
    """What the caller may do alone: as JSON, in sentences, and what is left of it."""

    revoked: bool
    document: Document
    means: list[str]
    room: Annotated[dict[str, Room], Meta(description="by currency")]
    time_zone: str
    above: Annotated[list[str], Meta(description="agents whose mandates bind this one too")]


class MandateGranted(Shape, frozen=True, kw_only=True):
    """A new version of a sub-agent's mandate."""

    id: str
    agent: str
    version: int


class Ap2Mandates(Shape, frozen=True, kw_only=True):
    """The contents of AP2 open payment mandates, unsigned."""

    open_mandates: Annotated[list[dict[str, Any]], Meta(description="mandate.payment.open.1, one a currency")]


class Decision(Shape, frozen=True, kw_only=True):
    """What would be said to an act."""

    would: Verdict
    reasons: list[str]
    because: list[str]


class Act(Shape, frozen=True, kw_only=True):
    """What the agent wants to do."""

    kind: Annotated[str, one_of(["join", "raise"])]
    market: str
    title: str
    currency: str
    limit_minor: Minor
    more_minor: Annotated[Minor, Meta(description="what it adds to the limit")]
    mechanism: str
    disclosure: str
    closes_at: Instant
    categories: list[str]
    counterparties: list[str]
    new_counterparty: bool


class CheckIn(Shape, frozen=True, kw_only=True):
    """A question to the agent's person, bound to one act by its digest."""

    id: str
    checkin: str
    participation: str
    state: Annotated[str, one_of(Row.State.values)]
    answer_by: Instant
    agent: str
    act: Act
    means: str
    because: list[str]
    digest: Hash
    purses: Annotated[list[str], Meta(description="payment sources to choose from")]
    yes: str
    no: str
    silence: str
    outcome: Annotated[str, Meta(description="why it is void: a refusal's code")] | UnsetType = UNSET


class CheckInPage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    checkins: list[CheckIn]
    next_cursor: str | None
