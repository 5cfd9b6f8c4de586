"""Money as integers: units of a market, minor units of its currency, and the words for both."""

from collections.abc import Mapping

# ISO 4217 exponents other than 2. What Stripe charges in three-decimal currencies must end in 0.
EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
# What a card can be charged at least, by currency, in minor units: the currencies that markets may have.
LEAST_CHARGES = {
    **dict.fromkeys(("AUD", "CAD", "CHF", "EUR", "JPY", "USD"), 50),
    "GBP": 30,
    "PLN": 200,
    "KWD": 200,
    "DKK": 250,
    "NOK": 300,
    "SEK": 300,
}
CURRENCIES = frozenset(LEAST_CHARGES)


def minor_exponent(currency: str) -> int:
    """How many decimals the currency's minor unit has: 0 (JPY), 2 (EUR) or 3 (KWD)."""
    return EXPONENTS.get(currency, 2)


def least_charge(currency: str) -> int:
    """The least that a card can be charged in this currency, in minor units."""
    return LEAST_CHARGES.get(currency, 50)


def charge_step(currency: str) -> int:
    """The least difference between two chargeable amounts, in minor units."""
    return 10 if minor_exponent(currency) == 3 else 1


def minor_from_units(units: int, exponent: int, currency: str) -> int:
    """Units of 10^-exponent as chargeable minor units, rounded down (payers are never rounded up)."""
    shift = exponent - minor_exponent(currency)
    minor = units // 10**shift if shift >= 0 else units * 10**-shift
    step = charge_step(currency)
    return minor // step * step


def split_largest_remainder(total: int, weights: Mapping[str, int], step: int = 1) -> dict[str, int]:
    """Split `total` in proportion to non-negative integer weights, in multiples of `step`.

    Largest remainder (Hamilton): floors first, then one step each to the largest remainders, ties by key.
    What is not a multiple of `step` stays unsplit; the caller books that residue.
    """
    whole, pot = sum(weights.values()), total // step
    if whole == 0 or pot <= 0:
        return dict.fromkeys(weights, 0)
    shares = {key: divmod(pot * weight, whole) for key, weight in weights.items()}
    missing = pot - sum(floor for floor, _ in shares.values())
    order = sorted(shares, key=lambda key: (-shares[key][1], key))
    extra = set(order[:missing])
    return {key: (floor + (key in extra)) * step for key, (floor, _) in shares.items()}


def amount_text(amount: int, exponent: int, currency: str) -> str:
    """An integer amount spelled out: (45000, 2, "USD") is "450.00 USD"."""
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(exponent + 1, "0")
    whole, decimals = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    return f"{sign}{int(whole):,}{'.' + decimals if decimals else ''} {currency}"


def percent_text(hundredths: int) -> str:
    """Hundredths of a percent spelled out: 250 is "2.5 %"."""
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".") + " %"


def minor_text(amount_minor: int, currency: str) -> str:
    """Minor units spelled out: (45000, "USD") is "450.00 USD"."""
    return amount_text(amount_minor, minor_exponent(currency), currency)
