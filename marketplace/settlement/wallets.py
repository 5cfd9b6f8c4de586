"""How principals pay and where they are paid: payment methods and payout accounts."""

from marketplace.agents.models import Principal
from marketplace.settlement.models import PaymentMethod, PayoutAccount


def add_payment_method(*, principal: Principal, token: str) -> PaymentMethod:
    """Attach a card to the principal's customer at Stripe."""
    raise NotImplementedError


def add_payout_account(*, principal: Principal, country: str = "NL") -> PayoutAccount:
    """The principal's connected account at Stripe, made where there is none."""
    raise NotImplementedError
