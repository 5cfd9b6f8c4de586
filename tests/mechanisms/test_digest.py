"""The fingerprint: the fast way of writing RFC 8785 gives the bytes that the library for it gives."""

from __future__ import annotations

from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from mechanisms.digest import canonical, digest_of

NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | st.text() | NUMBERS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES)
def test_the_bytes_are_those_of_the_library(value):
    try:
        expected = rfc8785.dumps(value)
    except UnicodeEncodeError:
        return
    assert canonical(value) == expected


@pytest.mark.parametrize("number", [1e16, 1e-5, 5e-324, -0.0, 0.1, 1e15, 123456.789, 1e21, 2.0**60])
def test_floats_at_the_edges(number):
    assert canonical([number]) == rfc8785.dumps([number])


def test_keys_beyond_ascii_are_sorted_by_utf_16():
    value = {"\ufb33": 1, "\U0001f600": 2, "a": 3}
    assert canonical(value) == rfc8785.dumps(value)


def test_decimals_enter_as_doubles_or_as_strings():
    same = digest_of({"x": Decimal("0.25"), "y": Decimal("3.0")}, 1, {})
    assert same == digest_of({"x": 0.25, "y": 3}, 1, {})
    long = Decimal("1.000000000000000000000001")
    assert digest_of({"x": long}, 1, {}) == digest_of({"x": str(long)}, 1, {})
    assert digest_of({"x": 2**60}, 1, {}) == digest_of({"x": str(2**60)}, 1, {})
