"""Refunds: captured money back to the card."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.amounts import check_positive
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body, bad_parameter, wrong_state
from marketplace.stripe_sandbox.objects import balance
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.objects.charge import Charge
from marketplace.stripe_sandbox.objects.payment_intent import PaymentIntent


class Refund(StripeObject):
    """A refund succeeds at once, as it does with Stripe's test cards."""

    PREFIX: ClassVar = "re"
    OBJECT: ClassVar = "refund"

    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    charge = models.CharField(max_length=64, db_index=True)
    payment_intent = models.CharField(max_length=64, db_index=True)
    reason = models.CharField(max_length=32, null=True)
    status = models.CharField(max_length=16, default="succeeded")
    balance_transaction = models.CharField(max_length=64, null=True)

    def as_json(self) -> Body:
        shown = self.common_json()
        del shown["livemode"]  # Stripe's refunds have none
        return {
            **shown,
            "amount": self.amount,
            "balance_transaction": self.balance_transaction,
            "charge": self.charge,
            "currency": self.currency,
            "payment_intent": self.payment_intent,
            "reason": self.reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": self.status,
            "transfer_reversal": None,
        }


def _refunded(params: Body) -> Charge:
    if wanted := params.get("payment_intent"):
        intent = PaymentIntent.find(wanted, "payment_intent")
        if intent.status != "succeeded":
            raise wrong_state(
                f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.",
                "payment_intent_unexpected_state",
                param="payment_intent",
            )
        return Charge.find(intent.latest_charge or "", "payment_intent")
    if wanted := params.get("charge"):
        return Charge.find(wanted, "charge")
    raise bad_parameter(
        "One of the following params should be provided for this request: payment_intent or charge.",
        "payment_intent",
        "parameter_missing",
    )


def create(call: Call) -> Refund:
    params = call.params
    charge = _refunded(params)
    if charge.disputed:
        raise wrong_state(f"Charge {charge.id} has been charged back; cannot issue a refund.", "charge_disputed")
    if charge.refundable == 0:
        raise wrong_state(f"Charge {charge.id} has already been refunded.", "charge_already_refunded")
    amount = check_positive(params.get("amount", charge.refundable), currency=charge.currency)
    if amount > charge.refundable:
        raise wrong_state(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({charge.refundable})",
            "amount_too_large",
            param="amount",
        )
    refund = Refund.make(
        params,
        amount=amount,
        currency=charge.currency,
        charge=charge.id,
        payment_intent=charge.payment_intent,
        reason=params.get("reason"),
    )
    refund.balance_transaction = balance.book("refund", charge.currency, -amount, refund.id)
    call.emit("refund.created", refund.put())
    charge.give_back(amount, call)
    return refund


def retrieve(call: Call) -> Refund:
    return call.own(Refund, "refund")


def index(call: Call) -> Body:
    return list_of(call, Refund.objects.all(), "charge", "payment_intent")
