"""Stripe's test cards by the names of their test payment methods, and what each of them does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """What the issuer of a test card answers."""

    number: str
    brand: str = "visa"
    code: str = ""  # of the refusal; empty is approval
    decline_code: str = ""
    message: str = ""
    refused_at_attach: bool = True
    asks: str = ""  # the bank wants the person: "always", or "once" (a saved and consented card may be charged later)
    disputed: bool = False  # the cardholder takes the money back as soon as it is captured

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _declined(number: str, decline_code: str, message: str = "Your card was declined.") -> Card:
    return Card(number, code="card_declined", decline_code=decline_code, message=message)


GENERIC = _declined("4000000000000002", "generic_decline")
FRAUDULENT = _declined("4100000000000019", "fraudulent")
CARDS = {
    "visa": Card("4242424242424242"),
    "visa_debit": Card("4000056655665556"),
    "mastercard": Card("5555555555554444", "mastercard"),
    "amex": Card("378282246310005", "amex"),
    "discover": Card("6011111111111117", "discover"),
    "diners": Card("3056930009020004", "diners"),
    "jcb": Card("3566002020360505", "jcb"),
    "unionpay": Card("6200000000000005", "unionpay"),
    "bypassPending": Card("4000000000000077"),
    "chargeDeclined": GENERIC,
    "visa_chargeDeclined": GENERIC,
    "visa_chargeDeclinedInsufficientFunds": _declined(
        "4000000000009995", "insufficient_funds", "Your card has insufficient funds."
    ),
    "visa_chargeDeclinedLostCard": _declined("4000000000009987", "lost_card"),
    "visa_chargeDeclinedStolenCard": _declined("4000000000009979", "stolen_card"),
    "visa_chargeDeclinedVelocityLimitExceeded": _declined("4000000000006975", "card_velocity_exceeded"),
    "chargeDeclinedFraudulent": FRAUDULENT,
    "radarBlock": FRAUDULENT,
    "chargeDeclinedExpiredCard": Card(
        "4000000000000069", code="expired_card", decline_code="expired_card", message="Your card has expired."
    ),
    "chargeDeclinedIncorrectCvc": Card(
        "4000000000000127",
        code="incorrect_cvc",
        decline_code="incorrect_cvc",
        message="Your card's security code is incorrect.",
    ),
    "chargeDeclinedProcessingError": Card(
        "4000000000000119",
        code="processing_error",
        decline_code="processing_error",
        message="An error occurred while processing your card. Try again in a little bit.",
    ),
    "authenticationRequired": Card("4000002500003155", asks="once"),
    "authenticationRequiredOnSetup": Card("4000002500003155", asks="once"),
    "threeDSecure2Required": Card("4000000000003220", asks="once"),
    "threeDSecureRequired": Card("4000000000003063", asks="once"),
    "authenticationRequiredAlways": Card("4000002760003184", asks="always"),
    "createDispute": Card("4000000000000259", disputed=True),
    # The one that may be saved and is declined when it is charged.
    "chargeCustomerFail": Card(
        "4000000000000341",
        code="card_declined",
        decline_code="generic_decline",
        message="Your card was declined.",
        refused_at_attach=False,
    ),
}
# The older names without the brand still work at Stripe.
CARDS |= {name.removeprefix("visa_"): card for name, card in CARDS.items() if name.startswith("visa_chargeDeclined")}
BY_NUMBER = {card.number: name for name, card in CARDS.items()}


def card_named(token: str) -> str | None:
    """The card's name behind `pm_card_visa` or `tok_visa`; None where there is no such test card."""
    for prefix in ("pm_card_", "tok_"):
        if token.startswith(prefix) and token.removeprefix(prefix) in CARDS:
            return token.removeprefix(prefix)
    return None
