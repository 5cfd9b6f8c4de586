"""Refusals: RFC 9457 problem documents, with the members that some codes add."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from marketplace.doors.rest.shapes.common import Shape


class Problem(Shape, frozen=True, kw_only=True):
    """What every refusal is; `docs/errors.md` has each code, what it means and what to do."""

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    code: Annotated[str, Meta(description="stable: branch on it")]
    detail: str
    next: Annotated[str, Meta(description="what to do")]
    pointer: Annotated[str, Meta(description="a JSON pointer into the body")] | UnsetType = UNSET
    retry_after: Annotated[int, Meta(description="seconds")] | UnsetType = UNSET
    standing: Annotated[str, Meta(description="the bid that stands")] | UnsetType = UNSET
    lower: Annotated[int, Meta(description="the next lower step of the ladder")] | UnsetType = UNSET
    higher: Annotated[int, Meta(description="the next higher step of the ladder")] | UnsetType = UNSET
    checkin: str | UnsetType = UNSET
    decline_code: Annotated[str, Meta(description="Stripe's word for why a card was declined")] | UnsetType = UNSET
    ceiling: Annotated[str, Meta(description="the mandate's ceiling that has no room")] | UnsetType = UNSET
    reasons: list[str] | UnsetType = UNSET
    contradictions: list[str] | UnsetType = UNSET
    wider: list[str] | UnsetType = UNSET
    relaxations: Annotated[dict[str, Any], Meta(description="by item, as in a preview")] | UnsetType = UNSET
