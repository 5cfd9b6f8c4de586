"""Strict JSON: what it refuses, with which code and pointer, and that nothing makes it fail otherwise."""

import contextlib
import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import limits, strict_json
from marketplace.core.refusals import Refusal


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    price: int


class Shape(msgspec.Struct, forbid_unknown_fields=True):
    steps: list[Inner]
    name: str = ""


def refusal_of(act, *arguments) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"nul", "not_json"),
        (b'{"a": NaN}', "not_json"),
        (b'{"a": -Infinity}', "not_json"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"b": {"a": 1, "a": 1}}', "duplicate_key"),
        (b'{"a": 1e400}', "number_out_of_range"),
        (b'{"a": ' + b"9" * 33 + b"}", "number_out_of_range"),
        (b'{"a": "\\ud800"}', "lone_surrogate"),
        (b'{"\\udfff": 1}', "lone_surrogate"),
        (b'{"a": "\xff"}', "not_utf8"),
        (b"[" * 60_000, "too_deep"),
        (b"[" * 100_000, "body_too_large"),
        (b'{"a":' * 12_000, "too_deep"),
        (b"[" * 33 + b"]" * 33, "too_deep"),
        (b" " * (limits.BODY_BYTES + 1), "body_too_large"),
        (b'"' + b"\\" * 50_000, "not_json"),
    ],
)
def test_what_is_refused(raw: bytes, code: str) -> None:
    assert refusal_of(strict_json.parse, raw).code == code


def test_brackets_in_strings_do_not_nest() -> None:
    assert strict_json.parse(b'{"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}')["a"].startswith("[")
    assert strict_json.parse(b"[" * 32 + b"]" * 32)


def test_fractions_are_exact() -> None:
    assert strict_json.parse(b"[0.1, 1e2]") == [Decimal("0.1"), Decimal("1e2")]


@pytest.mark.parametrize(
    ("value", "code", "pointer"),
    [
        ({"steps": [{"price": 1.5}]}, "not_an_integer", "/steps/0/price"),
        ({"steps": [{"price": Decimal("2.0")}]}, "not_an_integer", "/steps/0/price"),
        ({"steps": [{"price": "5"}]}, "not_an_integer", "/steps/0/price"),
        ({"steps": [{"price": True}]}, "not_an_integer", "/steps/0/price"),
        ({"steps": [{"price": 1}, {"price": 1, "x/y": 1}]}, "unknown_field", "/steps/1/x~1y"),
        ({"name": "a"}, "missing_field", "/steps"),
        ({"steps": {}}, "wrong_type", "/steps"),
        ([], "wrong_type", ""),
    ],
)
def test_pointers(value: object, code: str, pointer: str) -> None:
    refusal = refusal_of(strict_json.shaped, value, Shape)
    assert (refusal.code, refusal.pointer) == (code, pointer)
    assert refusal.document()["status"] == 400


texts = st.text(st.characters(codec="utf-8", min_codepoint=1), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_parses_what_json_writes(value: object) -> None:
    for ascii_only in (True, False):
        assert strict_json.parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value
    assert json.loads(strict_json.canonical(value)) == value


@given(st.binary(max_size=80))
def test_any_bytes_parse_or_are_refused(raw: bytes) -> None:
    with contextlib.suppress(Refusal):  # anything else that is raised fails the test
        assert strict_json.canonical(strict_json.parse(raw))
