"""Money in words: integers of 10^-exponent of a currency, spelled out for a person."""

from __future__ import annotations


def in_words(amount: int, currency: str, exponent: int) -> str:
    """`in_words(45000, "USD", 2)` is "450.00 USD"; exact for any integer."""
    sign = "-" if amount < 0 else ""
    digits = str(abs(amount)).rjust(exponent + 1, "0")
    whole, part = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    grouped = f"{int(whole):,}"
    return f"{sign}{grouped}{'.' + part if part else ''} {currency}"
