"""Parameters of rules: strict pydantic models whose JSON Schema draws the operator's form."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from mechanisms.errors import ProblemError, escape

MAX_PLACES = 18


class Params(BaseModel):
    """The base of every rule's parameters: frozen, strict, nothing unknown."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)

    @classmethod
    def read(cls, data: Mapping[str, Any], pointer: str = "/params") -> Self:
        """Parameters from JSON values; raises ProblemError `invalid_params` with a pointer to the first fault."""
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            place = "".join(f"/{escape(str(part))}" for part in first["loc"])
            code = "unknown_field" if first["type"] == "extra_forbidden" else "invalid_params"
            raise ProblemError(code, first["msg"], pointer + place) from error


def _exact(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("write a decimal number such as 0.5")
    try:
        return Decimal(str(value))
    except ArithmeticError as error:
        raise ValueError("write a decimal number such as 0.5") from error


def _shortest(value: Decimal) -> Decimal:
    """One form for equal decimals, and none so long that exact arithmetic would take for ever."""
    if not value.is_finite() or value.adjusted() > MAX_PLACES or -int(value.as_tuple().exponent) > MAX_PLACES:
        raise ValueError(f"write a number with at most {MAX_PLACES} digits before and after the point")
    return value.normalize() + 0


ExactDecimal = Annotated[
    Decimal, BeforeValidator(_exact), AfterValidator(_shortest), PlainSerializer(lambda value: format(value, "f"), str)
]
Rationing = Literal["pro_rata", "lottery"]


class OneSided(Params):
    """What every one-sided rule can be told: which way the market trades."""

    direction: Literal["sell", "buy"] = Field(
        "sell",
        title="Direction",
        examples=["sell", "sell", "buy"],
        description="sell: lots go to bidders. buy: the market buys from bidders.",
    )
    minimum: int = Field(
        0, ge=0, le=10**12, title="Minimum price", description="In a buying market, the lowest acceptable unit price."
    )

    @property
    def buying(self) -> bool:
        """Whether the market buys: then bids offer, and the reserve is the highest acceptable unit price."""
        return self.direction == "buy"


class Proving(Params):
    """How much work a proof may take."""

    node_limit: int = Field(
        100_000,
        ge=1,
        le=10_000_000,
        title="Node limit",
        description="Nodes that one solve may take; past it the round fails as unproven, with bounds. Never a clock.",
    )


class Splitting(Proving):
    """How a payment is split over several sellers."""

    split: Literal["reserve_then_quantity", "weights"] = Field(
        "reserve_then_quantity",
        title="Split between sellers",
        description="Each seller gets its reserves; the rest goes by quantity, or by quantity times the weights below.",
    )
    weights: dict[str, Annotated[int, Field(ge=1, le=10**6)]] | None = Field(
        None, title="Weights", description="For the split by weights: a positive integer for each lot; 1 where missing."
    )


class Bundled(OneSided, Splitting):
    """What every one-sided rule for bundles can be told."""
