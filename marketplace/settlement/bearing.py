"""Which card bears a limit, and which limits no card bears."""

from marketplace.agents.models import Principal
from marketplace.core.limits import MAX_CHARGE_MINOR
from marketplace.core.money import least_charge, minor_text
from marketplace.core.refusals import Refusal
from marketplace.settlement.models import PaymentMethod


def method_for(
    principal: Principal, amount_minor: int, later_minor: int, currency: str, purse: str
) -> PaymentMethod | None:
    """The principal's newest active payment method in this purse; refused where no card could be charged so much."""
    if amount_minor == later_minor == 0:
        return None
    refuse_beyond_most(max(amount_minor, later_minor), currency)
    if (later_minor or amount_minor) < least_charge(currency):
        raise _limit("low", "least", least_charge(currency), currency)
    methods = PaymentMethod.objects.filter(principal=principal, state=PaymentMethod.State.ACTIVE)
    method = (methods.filter(purse=purse) if purse else methods).order_by("-pk").first()
    if method is None:
        raise Refusal(
            402,
            "payment_method_needed",
            "Whoever may owe money here needs a payment method first.",
            "POST one to payment-methods/, then join again.",
        )
    return method


def refuse_beyond_most(amount_minor: int, currency: str) -> None:
    """Refuse more than one payment can carry."""
    if amount_minor > MAX_CHARGE_MINOR:
        raise _limit("high", "most", MAX_CHARGE_MINOR, currency)


def _limit(how: str, bound: str, amount_minor: int, currency: str) -> Refusal:
    text = minor_text(amount_minor, currency)
    return Refusal(
        422,
        f"limit_too_{how}",
        f"The limit is too {how}: the {bound} that can be held is {text}.",
        f"Send a limit_minor of at {bound} {amount_minor}, or 0 if you can owe nothing.",
        "/limit_minor",
    )
