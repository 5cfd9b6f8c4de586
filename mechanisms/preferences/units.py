"""Units of measure that can be turned into each other exactly, and numbers in them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from mechanisms.decimals import read_number
from mechanisms.errors import ProblemError

# Each family in multiples of its smallest member.
FAMILIES = (
    {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000},
    {"m": 1, "km": 1000},
    {"g": 1, "kg": 1000, "t": 1_000_000},
    {"MB": 1, "GB": 1000, "TB": 1_000_000},
    {"Wh": 1, "kWh": 1000, "MWh": 1_000_000},
)


def ratio(unit: str | None, into: str | None, pointer: str) -> Fraction:
    """How many of `into` one `unit` is; refused where they do not measure the same."""
    if unit == into:
        return Fraction(1)
    for family in FAMILIES:
        if unit in family and into in family:
            return Fraction(family[unit], family[into])
    wanted = f"expected the unit {into!r}" if into else "expected a number without a unit"
    raise ProblemError("unit_mismatch", f"{wanted}, or one that measures the same; not {unit!r}", pointer)


def read_scaled(data: Any, pointer: str, places: int, times: Fraction = Fraction(1)) -> int:
    """A JSON number, `times` over, in steps of 10^-places; refused where it is finer than that."""
    number = read_number(data, pointer)
    exact = Fraction(number if isinstance(number, int) else Decimal(number)) * times * 10**places
    if exact.denominator != 1:
        raise ProblemError("too_many_places", f"expected a number with at most {places} decimals", pointer)
    if abs(exact) >= 2**61:
        raise ProblemError("out_of_range", "expected a smaller number", pointer)
    return int(exact)


def written(value: int, places: int, unit: str | None) -> str:
    """The number as people read it."""
    number = Decimal(value).scaleb(-places).normalize() if places else Decimal(value)
    return f"{number:f}" + (f" {unit}" if unit else "")
