"""Moves, and whose turn it is."""

from typing import Annotated, Any

from msgspec import Meta

from marketplace.doors.rest.shapes.common import Hash, Instant, Numbered, Shape


class LegalMove(Shape, frozen=True, kw_only=True):
    """A move that the caller may make now."""

    type: str
    data: Annotated[dict[str, Any], Meta(description="the JSON Schema of its data")]


class Turn(Shape, frozen=True, kw_only=True):
    """How it stands, as the caller may see it."""

    n: Annotated[int, Meta(ge=0, description="number of the last move")]
    your_turn: bool
    legal: list[LegalMove]
    deadline: Annotated[Instant | None, Meta(description="when time makes the next move")]
    over: bool
    public: Annotated[dict[str, Any], Meta(description="what everybody at the table sees: by rule")]
    private: Annotated[dict[str, Any], Meta(description="what only the caller sees")]


class MoveAcknowledged(Shape, frozen=True, kw_only=True):
    """The acknowledgement of a move, once it is durable; `turn` is how it stands now, also of a repeat."""

    id: str
    market: str
    participation: str
    n: Numbered
    type: str
    receipt: Hash
    nonce: Annotated[Hash, Meta(description="keep it: it opens the receipt, and is told here alone")]
    received_at: Instant
    means: Annotated[str, Meta(description="the move in words, with the money spelled out")]
    turn: Turn


class Moved(Shape, frozen=True, kw_only=True):
    """A move, read back."""

    id: str
    n: Numbered
    by: Annotated[str, Meta(description="the participation that made it, or @clock")]
    type: str
    data: dict[str, Any]
    receipt: Annotated[Hash | None, Meta(description="null of the clock's")]
    received_at: Instant


class MovePage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    moves: list[Moved]
    turn: Annotated[Turn | None, Meta(description="null before a haggle has begun, and for who is not in it")]
    next_cursor: str | None
