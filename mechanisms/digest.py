"""The fingerprint of a clearing: SHA-256 over the RFC 8785 form of what went in and what came out."""

from __future__ import annotations

import hashlib
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
    form = _plain({"problem": problem, "version": version, **result})
    return "sha256:" + hashlib.sha256(rfc8785.dumps(form)).hexdigest()


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
