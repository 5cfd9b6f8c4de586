"""The bank's question to the person (3-D Secure): where it is asked, and what follows the answer."""

from typing import Any

from marketplace.stripe_sandbox.addresses import page_address
from marketplace.stripe_sandbox.errors import Body, Refusal


def challenge(intent: str) -> Body:
    """What an intent shows as `next_action`; who sends `outcome=succeeded` or `failed` there is the person."""
    redirect = {"url": page_address("bank", intent), "return_url": None}
    return {"type": "redirect_to_url", "redirect_to_url": redirect}


def unanswered() -> Refusal:
    """The person failed the bank's question."""
    return Refusal(
        "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
        status=402,
        type="card_error",
        code="payment_intent_authentication_failure",
    )


def wanted(**fields: Any) -> Refusal:
    """The bank wants the person, who is away."""
    return Refusal(
        "Your card was declined. This transaction requires authentication.",
        status=402,
        stored=True,
        type="card_error",
        code="authentication_required",
        decline_code="authentication_required",
        **fields,
    )
