"""Numbers of problem files taken exactly: bounded decimals, and whole columns of them as integers of one scale."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanisms.errors import ProblemError

Number = int | Decimal
Exact = NDArray[Any]  # int64 where that is enough, Python integers otherwise

LARGEST = 10**12
MOST_PLACES = 40
NARROW = 2**62


def read_number(data: Any, pointer: str, low: int = -LARGEST, high: int = LARGEST) -> Number:
    """A JSON number, exactly as it is written; floats of Python by their shortest form."""
    if isinstance(data, bool) or not isinstance(data, int | float | Decimal):
        raise ProblemError("not_a_number", "a JSON number belongs here", pointer)
    if not isinstance(data, int):
        if not math.isfinite(data):
            raise ProblemError("not_finite", "NaN and infinities are not numbers here", pointer)
        data = data if isinstance(data, Decimal) else Decimal(repr(data))
        if -int(data.as_tuple().exponent) > MOST_PLACES:
            raise ProblemError("too_many_places", f"at most {MOST_PLACES} places after the point", pointer)
    if not low <= data <= high:
        raise ProblemError("out_of_range", f"must lie between {low} and {high}", pointer)
    return data


def places(numbers: Iterable[Number]) -> int:
    """The fewest places after the point that write all of them."""
    most = 0
    for number in numbers:
        if type(number) is Decimal:
            most = max(most, -number.as_tuple().exponent)  # type: ignore[operator]
    return most


def whole(number: Number, shift: int) -> int:
    """number x 10^shift, which must be whole."""
    if isinstance(number, int):
        return int(number * 10**shift)
    sign, digits, exponent = number.as_tuple()
    size = int("".join(map(str, digits))) * 10 ** (int(exponent) + shift)
    return -size if sign else size


def column(numbers: list[int]) -> Exact:
    """Integers as int64, or as Python integers where one of them is large."""
    narrow = not numbers or max(max(numbers), -min(numbers)) < NARROW
    return np.array(numbers, np.int64 if narrow else object)
