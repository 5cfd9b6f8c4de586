"""The amounts that Stripe charges: at least so much by currency, never more than eight digits."""

from marketplace.stripe_sandbox.errors import bad_parameter

MAXIMUM = 99_999_999
MINIMUM = {  # minor units, https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
    "usd": 50,
    "eur": 50,
    "gbp": 30,
    "chf": 50,
    "jpy": 50,
    "aud": 50,
    "cad": 50,
    "dkk": 250,
    "nok": 300,
    "sek": 300,
    "pln": 200,
    "kwd": 200,
}
THREE_DECIMALS = ("bhd", "jod", "kwd", "omr", "tnd")  # of which the last must be 0


def check_currency(currency: str) -> str:
    """The currency in lower case, as Stripe shows it."""
    if currency.lower() not in MINIMUM:
        listed = ", ".join(MINIMUM)
        raise bad_parameter(f"Invalid currency: {currency}. The sandbox supports: {listed}", "currency")
    return currency.lower()


def check_positive(amount: int, param: str = "amount", currency: str = "") -> int:
    """At least 1 and at most eight digits; of three decimals the last is 0."""
    if amount < 1:
        raise bad_parameter("This value must be greater than or equal to 1.", param, "parameter_invalid_integer")
    if amount > MAXIMUM:
        raise bad_parameter(f"Amount must be no more than {MAXIMUM} in minor units", param, "amount_too_large")
    if currency in THREE_DECIMALS and amount % 10:
        raise bad_parameter(
            f"Invalid amount: {currency} has three decimal places, of which the last must be 0.",
            param,
            "parameter_invalid_integer",
        )
    return amount


def check_charge(amount: int, currency: str, param: str = "amount") -> int:
    """An amount that a card may be charged."""
    check_positive(amount, param, currency)
    least = MINIMUM[currency]
    if amount < least:
        raise bad_parameter(f"Amount must be at least {least} {currency} in minor units", param, "amount_too_small")
    return amount
