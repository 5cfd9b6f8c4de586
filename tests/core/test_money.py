"""Money: units to minor units, splits and words."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.money import amount_text, minor_from_units, minor_text, split_largest_remainder


@pytest.mark.parametrize(
    ("units", "exponent", "currency", "minor"),
    [
        (1999, 3, "EUR", 199),  # rounded down
        (20, 0, "EUR", 2000),
        (7, 2, "JPY", 0),
        (799, 2, "JPY", 7),
        (1239, 3, "KWD", 1230),  # three decimals end in 0
        (5, 2, "KWD", 50),
    ],
)
def test_units_become_chargeable_minor_units(units: int, exponent: int, currency: str, minor: int) -> None:
    assert minor_from_units(units, exponent, currency) == minor


@pytest.mark.parametrize(
    ("amount", "exponent", "text"),
    [(45000, 2, "450.00 USD"), (5, 2, "0.05 USD"), (-123456789, 3, "-123,456.789 USD"), (7, 0, "7 USD")],
)
def test_words(amount: int, exponent: int, text: str) -> None:
    assert amount_text(amount, exponent, "USD") == text


def test_minor_words_know_the_currency() -> None:
    assert [minor_text(1500, code) for code in ("EUR", "JPY", "KWD")] == ["15.00 EUR", "1,500 JPY", "1.500 KWD"]


@given(
    st.integers(0, 10**9),
    st.dictionaries(st.text(max_size=3), st.integers(0, 10**6), max_size=8),
    st.sampled_from([1, 10]),
)
def test_a_split_keeps_the_total_and_stays_within_a_step(total: int, weights: dict[str, int], step: int) -> None:
    shares = split_largest_remainder(total, weights, step)
    whole = sum(weights.values())
    assert set(shares) == set(weights)
    assert sum(shares.values()) == (total // step * step if whole else 0)
    for name, share in shares.items():
        exact = Fraction((total // step) * weights[name], whole) * step if whole else Fraction(0)
        assert share % step == 0
        assert abs(share - exact) < step
