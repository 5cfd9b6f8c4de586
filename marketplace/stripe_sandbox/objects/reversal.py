"""Transfer reversals: what was handed on comes back to the platform."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.amounts import check_positive
from marketplace.stripe_sandbox.errors import Body, wrong_state
from marketplace.stripe_sandbox.objects import balance
from marketplace.stripe_sandbox.objects.base import StripeObject


class Reversal(StripeObject):
    """All or part of one transfer."""

    PREFIX: ClassVar = "trr"
    OBJECT: ClassVar = "transfer_reversal"

    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    transfer = models.CharField(max_length=64, db_index=True)
    balance_transaction = models.CharField(max_length=64, null=True)

    def as_json(self) -> Body:
        shown = self.common_json()
        del shown["livemode"]  # Stripe's reversals have none
        return {
            **shown,
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "currency": self.currency,
            "destination_payment_refund": None,
            "source_refund": None,
            "transfer": self.transfer,
        }


def reverse(transfer: "StripeObject", left: int, destination: str, currency: str, params: Body) -> Reversal:
    """Take it from the account, which must have it, and book it to the platform."""
    amount = check_positive(params.get("amount", left), currency=currency)
    if amount > left:
        raise wrong_state(
            f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})",
            "amount_too_large",
            param="amount",
        )
    if balance.available(destination, currency) < amount:
        raise wrong_state("The connected account has insufficient funds for this reversal.", "balance_insufficient")
    balance.add(destination, currency, -amount)
    made = Reversal.make(params, amount=amount, currency=currency, transfer=transfer.id)
    made.balance_transaction = balance.book("transfer_refund", currency, amount, made.id)
    return made.put()
