"""The fingerprint of a clearing: SHA-256 over the RFC 8785 form of what went in and what came out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import rfc8785

_SAFE = 2**53 - 1
COUNTED = (
    *("mechanism", "status", "awards", "payments", "charges", "prices", "welfare", "revenue"),
    *("agreement", "lottery", "shares", "fractions", "matching", "utilities"),
)


def digest_of(problem: Mapping[str, Any], version: int, outcome: Mapping[str, Any]) -> str:
    """`sha256:` and 64 hex digits over problem, rule version and the counted fields of the outcome.

    RFC 8785 has only doubles, so integers beyond 2^53 - 1 and decimals that no double writes alike enter as strings.
    """
    result = {name: outcome[name] for name in COUNTED if name in outcome}
    return "sha256:" + hashlib.sha256(canonical({"problem": problem, "version": version, **result})).hexdigest()


class _RareError(Exception):
    """Something that Python's encoder may write otherwise than RFC 8785."""


def canonical(form: Any) -> bytes:
    """The RFC 8785 form of JSON values: by Python's encoder where it writes the same, in a tenth of the time."""
    try:
        return json.dumps(_common(form), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    except (_RareError, UnicodeEncodeError):
        return rfc8785.dumps(_plain(form))


def _common(value: Any) -> Any:
    """As `_plain`, whole floats as integers; raises where a key's place or a float's digits need more care."""
    kind = type(value)
    if kind is str or (kind is int and -_SAFE <= value <= _SAFE):
        return value
    if kind is Decimal or kind is float:
        return _number(value, float(value))
    if kind is dict:
        if not all(map(str.isascii, value)):
            raise _RareError  # keys are sorted by UTF-16
        return {key: _common(inner) for key, inner in value.items()}
    if kind is list or kind is tuple:
        return [_common(inner) for inner in value]
    if kind is int:
        return str(value)
    if kind is bool or value is None:
        return value
    raise _RareError


def _number(value: Decimal | float, near: float) -> float | int | str:
    if type(value) is Decimal and Decimal(repr(near)) != value:
        return str(value)
    if near.is_integer() and abs(near) <= _SAFE:
        return int(near)
    if 1e-4 <= abs(near) < 1e15:
        return near
    raise _RareError


def hash_of(value: Any) -> str:
    """SHA-256 of the RFC 8785 form of JSON values, hex."""
    return hashlib.sha256(rfc8785.dumps(_plain(value))).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, int) and abs(value) > _SAFE:
        return str(value)
    if isinstance(value, Decimal):
        near = float(value)
        return near if Decimal(repr(near)) == value else str(value)
    return value
