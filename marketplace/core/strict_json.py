"""Strict JSON: what every door parses its input with; bad input is a refusal with a pointer, never a crash."""

import json
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from marketplace.core import limits
from marketplace.core.refusals import Refusal

T = TypeVar("T")
_canonical = msgspec.json.Encoder(order="sorted", decimal_format="number")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_PATH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_FIX_SYNTAX = "Send one JSON object, UTF-8, as RFC 8259 writes it."


def _bad(code: str, detail: str, fix: str = _FIX_SYNTAX, pointer: str | None = None, status: int = 400) -> Refusal:
    return Refusal(status, code, detail, fix, pointer)


def parse(raw: bytes, max_bytes: int = limits.BODY_BYTES, max_depth: int = limits.JSON_DEPTH) -> Any:
    """Parse bytes to Python values; numbers with a fraction or exponent become exact `Decimal`s.

    Refused: more than `max_bytes`, nesting past the limit, bad UTF-8, lone surrogates, duplicate keys,
    NaN and Infinity, numbers beyond a double's range, and anything that RFC 8259 does not allow.
    """
    if len(raw) > max_bytes:
        raise _bad("body_too_large", f"The body is longer than {max_bytes} bytes.", "Send less.", status=413)
    _refuse_depth(raw, max_depth)
    try:
        value = _decoder.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _bad("not_utf8", f"Byte {error.start} of the body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise _bad("not_json", f"{error.msg}, but there is {_found(error)}.") from None
    _refuse_surrogates(raw, value)
    return value


def parse_object(raw: bytes, max_bytes: int = limits.BODY_BYTES, max_depth: int = limits.JSON_DEPTH) -> dict[str, Any]:
    """`parse`, and the value must be an object."""
    return as_object(parse(raw, max_bytes, max_depth))


def as_object(value: Any) -> dict[str, Any]:
    """The value, which must be an object."""
    if not isinstance(value, dict):
        raise _bad("not_an_object", "The body must be a JSON object.", pointer="")
    return value


def shaped(value: Any, shape: type[T], at: str = "") -> T:
    """The parsed value as a msgspec Struct of type `shape`; the refusal's pointer starts with `at`."""
    try:
        return msgspec.convert(value, shape, strict=True)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        raise _shape_refusal(message, at + _pointer(path.rstrip("`"))) from None


def canonical(value: Any) -> bytes:
    """A parsed value as bytes that do not depend on white space, key order or door."""
    return _canonical.encode(value)


def _shape_refusal(message: str, pointer: str) -> Refusal:
    code, fix = "wrong_type", "See the schema at /api/schema/ for what this field takes."
    if "unknown field" in message:
        name = message.split("`")[1]
        code, pointer, fix = "unknown_field", f"{pointer}/{_escape(name)}", "Leave the field out, or correct its name."
    elif "missing required field" in message:
        name = message.split("`")[1]
        code, pointer, fix = "missing_field", f"{pointer}/{_escape(name)}", "Add the field."
    elif "decimal" in message:
        code, fix = "not_an_integer", "Write money and quantities as JSON integers: no quotes, no fraction."
    elif message.startswith("Expected `int`,"):
        code, fix = "not_an_integer", "Write money and quantities as JSON integers: no quotes, no fraction."
        message = "The value must be a whole number" + message.removeprefix("Expected `int`")
    elif message.startswith("Expected"):
        code = "wrong_type" if "got" in message and "Expected `int` " not in message else "out_of_range"
    return _bad(code, message + ("" if message.endswith(".") else "."), fix, pointer)


def _pointer(path: str) -> str:
    steps = (match.group(1) or match.group(2) or "*" for match in _PATH_STEP.finditer(path.removeprefix("$")))
    return "".join("/" + _escape(step) for step in steps)


def _escape(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")


def _found(error: json.JSONDecodeError) -> str:
    return repr(error.doc[error.pos]) if error.pos < len(error.doc) else "the end"


def _refuse_depth(raw: bytes, max_depth: int) -> None:
    if raw.count(b"[") + raw.count(b"{") <= max_depth:
        return  # it cannot be deeper than it has brackets
    depth = 0
    for mark in _STRING.sub(b"", raw).translate(None, _NOT_BRACKETS):
        depth += 1 if mark in b"[{" else -1
        if depth > max_depth:
            raise _bad("too_deep", f"The body nests deeper than {limits.JSON_DEPTH} levels.", "Send flatter JSON.")


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _bad("duplicate_key", f"The key {twice[:64]!r} stands twice in one object.", "Keep one of them.")
    return value


def _finite(text: str) -> Decimal:
    if len(text) > 64 or not math.isfinite(float(text)):
        raise _bad("number_out_of_range", f"The number {text[:32]} is beyond what can be read exactly.")
    return Decimal(text)


def _int(text: str) -> int:
    if len(text) > 32:
        raise _bad("number_out_of_range", f"The number {text[:32]}... is beyond what can be read exactly.")
    return int(text)


def _constant(text: str) -> Any:
    raise _bad("not_json", f"{text} is not JSON.")


# Made once: json.loads with hooks makes one each time.
_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_int=_int, parse_constant=_constant)


def _refuse_surrogates(raw: bytes, value: Any) -> None:
    """A lone surrogate, or a NUL, can only come from an escape; look closely only where one stands."""
    if b"\\u" not in raw:
        return
    if b"\\u0000" in raw:
        raise _bad("nul_character", "A string holds the character U+0000.", "Leave it out.")
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        raise _bad("lone_surrogate", "A string holds half of a surrogate pair.", "Send whole characters.") from None
