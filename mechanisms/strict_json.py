"""Strict reading of JSON text: duplicate keys, NaN and infinities are errors that say where they stand."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from mechanisms.errors import ProblemError, escape


class _Repeated(dict[str, Any]):
    """An object in which `key` was written twice; kept until the walk knows its pointer."""

    key = ""


class _NotFinite:
    """Stands where NaN or an infinity was written."""


def parse(raw: bytes | str) -> Any:
    """JSON text to Python values, decimals as `Decimal`; raises ProblemError with a pointer."""
    text = _text(raw)
    suspects: list[Any] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = dict(items)
        if len(found) != len(items):
            found = _Repeated(found)
            seen: set[str] = set()
            found.key = next(k for k, _ in items if k in seen or seen.add(k))  # type: ignore[func-returns-value]
            suspects.append(found)
        return found

    def constant(name: str) -> _NotFinite:
        suspects.append(name)
        return _NotFinite()

    try:
        data = json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise ProblemError("invalid_json", f"not JSON: {error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise ProblemError("too_deep", "nested too deeply") from error
    except (ValueError, ArithmeticError) as error:  # an integer of thousands of digits, an exponent beyond all bounds
        raise ProblemError("invalid_json", "a number is too long") from error
    if suspects:
        _complain(data, "")
    return data


def _text(raw: bytes | str) -> str:
    if isinstance(raw, str):
        return raw
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ProblemError("invalid_json", "not UTF-8") from error


def _complain(data: Any, pointer: str) -> None:
    if isinstance(data, _NotFinite):
        raise ProblemError("not_finite", "NaN and infinities are not numbers here", pointer)
    if isinstance(data, _Repeated):
        raise ProblemError("duplicate_key", "this key is written twice", f"{pointer}/{escape(data.key)}")
    if isinstance(data, dict):
        for key, value in data.items():
            _complain(value, f"{pointer}/{escape(key)}")
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _complain(value, f"{pointer}/{index}")
