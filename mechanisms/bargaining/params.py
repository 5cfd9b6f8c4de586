"""Parameters that bargaining rules share: weights by party, lotteries, the restriction to what all accept."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import lcm

from pydantic import Field, field_validator

from mechanisms.errors import ProblemError
from mechanisms.params import ExactDecimal, Params

HEAVIEST = 1000


class Convexified(Params):
    """Whether a lottery over agreements may be agreed."""

    convexify: bool = Field(
        False,
        title="Convexify",
        examples=[False, False, True],
        description="Agree on a lottery over agreements where that is better.",
    )


class Weighted(Params):
    """How much each party counts; 1 where nothing is said."""

    weights: dict[str, ExactDecimal] = Field(
        {},
        title="Weights",
        examples=[{}, {}, {"p0": "2"}],
        description="A weight above 0 for a party; 1 where none is given.",
    )

    @field_validator("weights")
    @classmethod
    def _positive(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        if any(weight <= 0 for weight in value.values()):
            raise ValueError("a weight is above 0")
        return value


def whole_weights(params: Weighted, parties: list[str]) -> list[int]:
    """Weights in the order of the parties, as whole numbers without a common factor, so that powers are exact."""
    for name in params.weights:
        if name not in parties:
            raise ProblemError("unknown_party", f"no party is called {name!r}", "/params/weights")
    stated = [Fraction(params.weights.get(name, Decimal(1))) for name in parties]
    common = lcm(*(weight.denominator for weight in stated))
    found = [int(weight * common) for weight in stated]
    if max(found) > HEAVIEST:
        raise ProblemError(
            "weights_too_fine", f"weights are in ratios of whole numbers up to {HEAVIEST}", "/params/weights"
        )
    return found
