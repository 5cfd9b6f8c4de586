"""What awards bind their parties to."""

from typing import Annotated, Any

from msgspec import Meta

from marketplace.clearing.models import Contract as ContractRow
from marketplace.doors.rest.shapes.common import Instant, Shape, one_of

Claims = Annotated[dict[str, Any], Meta(description="what the signed document says")]


class Contract(Shape, frozen=True, kw_only=True):
    """A contract as one of its two parties sees it."""

    id: str
    market: str
    round: str
    role: Annotated[str, one_of(["seller", "bidder"])]
    state: Annotated[str, one_of(ContractRow.State.values)]
    answer_by: Annotated[Instant | None, Meta(description="until when the seller may answer")]
    amount_minor: int
    currency: str
    refund_minor: int
    claims: Claims
    document: Annotated[str, Meta(description="the signed document, in the compact form of a JWS")]
    acceptance: Annotated[str | None, Meta(description="the seller's acceptance, signed, once it is given")]
    means: str


class ContractPage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    contracts: list[Contract]
    next_cursor: str | None


class ContractCheck(Shape, frozen=True, kw_only=True):
    """A document that we signed."""

    claims: Claims
