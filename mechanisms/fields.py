"""Reading single fields of a problem: each function returns the value or raises with a pointer."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from mechanisms.errors import ProblemError, escape

MAX_ID = 128
MAX_DEPTH = 16
_SEED = re.compile(r"(?:[0-9a-f]{2}){1,32}")
_CURRENCY = re.compile(r"[A-Z][A-Z0-9]{2,11}")


def read_object(data: Any, pointer: str, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Any]:
    """A JSON object that has every required field and none beyond the optional ones."""
    if not isinstance(data, Mapping):
        raise ProblemError("not_an_object", "a JSON object belongs here", pointer)
    for name in data:
        if name not in required and name not in optional:
            raise ProblemError(
                "unknown_field",
                f"no such field; known are {_listed(required, optional)}",
                f"{pointer}/{escape(str(name))}",
            )
    for name in required:
        if name not in data:
            raise ProblemError("missing_field", f"the field {name!r} is required", f"{pointer}/{name}")
    return dict(data)


def _listed(required: Collection[str], optional: Collection[str]) -> str:
    return ", ".join([*required, *optional])


def read_list(data: Any, pointer: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(data, list | tuple):
        raise ProblemError("not_a_list", "a JSON array belongs here", pointer)
    return list(data)


def read_int(data: Any, pointer: str, low: int, high: int) -> int:
    """An integer in [low, high]; floats, decimals, booleans and quoted numbers are refused, even 3.0."""
    if isinstance(data, bool) or not isinstance(data, int):
        kind = "a fraction" if isinstance(data, float | Decimal) else "this value"
        raise ProblemError(
            "not_an_integer", f"money and quantities are whole numbers of the smallest unit, not {kind}", pointer
        )
    if not low <= data <= high:
        raise ProblemError("out_of_range", f"must lie between {low} and {high}", pointer)
    return data


def read_id(data: Any, pointer: str, *, reserved: bool = False) -> str:
    """A name of 1 to 128 characters without control characters; a leading "@" belongs to the house."""
    if not isinstance(data, str) or not data:
        raise ProblemError("invalid_id", "a name belongs here: a JSON string that is not empty", pointer)
    if len(data) > MAX_ID or (not data.isprintable()):
        raise ProblemError("invalid_id", f"names have at most {MAX_ID} characters, all printable", pointer)
    if data[0] == "@" and not reserved:
        raise ProblemError("reserved_id", 'names that begin with "@" are reserved', pointer)
    return data


def read_optional_id(data: Any, pointer: str) -> str | None:
    """An id, or null; "@market" may be named as a counterparty."""
    return None if data is None else read_id(data, pointer, reserved=True)


def read_seed(data: Any, pointer: str) -> str:
    """Lower-case hexadecimal of 1 to 32 bytes."""
    if not isinstance(data, str) or not _SEED.fullmatch(data):
        raise ProblemError("invalid_seed", "a seed is 1 to 32 bytes in lower-case hexadecimal", pointer)
    return data


def read_currency(data: Any, pointer: str) -> str:
    """A currency code such as USD."""
    if not isinstance(data, str) or not _CURRENCY.fullmatch(data):
        raise ProblemError("invalid_currency", "a currency is a code in capitals such as USD", pointer)
    return data


def read_free(data: Any, pointer: str) -> dict[str, Any]:
    """An object of the caller's own (attributes, params), nested at most 16 levels deep."""
    if not isinstance(data, Mapping):
        raise ProblemError("not_an_object", "a JSON object belongs here", pointer)
    _check_free(data, pointer, MAX_DEPTH)
    return dict(data)


def _check_free(data: Any, pointer: str, left: int) -> None:
    if left == 0:
        raise ProblemError("too_deep", f"nested deeper than {MAX_DEPTH} levels", pointer)
    if isinstance(data, Mapping):
        for key, value in data.items():
            _check_text(key, pointer)
            _check_free(value, f"{pointer}/{escape(str(key))}", left - 1)
    elif isinstance(data, list | tuple):
        for index, value in enumerate(data):
            _check_free(value, f"{pointer}/{index}", left - 1)
    elif isinstance(data, float | Decimal) and not math.isfinite(data):
        raise ProblemError("not_finite", "NaN and infinities are not numbers here", pointer)
    elif data is not None and not isinstance(data, bool | int | float | Decimal):
        _check_text(data, pointer)


def _check_text(data: Any, pointer: str) -> None:
    """Text that UTF-8 can write: no half of a surrogate pair."""
    if not isinstance(data, str) or any("\ud800" <= char <= "\udfff" for char in data):
        raise ProblemError("invalid_text", "text in valid Unicode belongs here", pointer)


def normal(name: str) -> str:
    """The NFC form, in which two ids are compared."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)
