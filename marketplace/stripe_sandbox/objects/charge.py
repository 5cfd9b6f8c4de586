"""Charges: one attempt on a card, authorised or failed, then captured, released, refunded."""

from typing import Any, ClassVar

from django.db import models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.cards import Card
from marketplace.stripe_sandbox.errors import Body
from marketplace.stripe_sandbox.objects import balance
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.objects.payment_method import EXPIRY, PaymentMethod

AUTHORISED_SECONDS = 7 * 24 * 3600


class Charge(StripeObject):
    """Authorised money is nobody's until it is captured; only then the platform's balance rises."""

    PREFIX: ClassVar = "ch"
    OBJECT: ClassVar = "charge"
    ECHOED: ClassVar = ("description", "receipt_email", "shipping", "statement_descriptor_suffix")

    amount = models.BigIntegerField()
    amount_captured = models.BigIntegerField(default=0)
    amount_released = models.BigIntegerField(default=0)  # authorised and let go
    amount_returned = models.BigIntegerField(default=0)  # captured and refunded
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=16)
    captured = models.BooleanField(default=False)
    customer = models.CharField(max_length=64, null=True, db_index=True)
    payment_intent = models.CharField(max_length=64, db_index=True)
    payment_method = models.CharField(max_length=64)
    card_name = models.CharField(max_length=64)
    transfer_group = models.CharField(max_length=255, null=True, db_index=True)
    failure = models.JSONField(null=True)
    disputed = models.BooleanField(default=False)
    balance_transaction = models.CharField(max_length=64, null=True)

    @classmethod
    def authorise(cls, intent: Any, method: PaymentMethod, call: Call) -> "Charge":
        """Asks the issuer, and writes down what it says."""
        card = method.card
        charge = cls.make(
            intent.echoed,
            amount=intent.amount,
            currency=intent.currency,
            status="failed" if card.code else "succeeded",
            customer=intent.customer,
            payment_intent=intent.id,
            payment_method=method.id,
            card_name=method.card_name,
            transfer_group=intent.transfer_group,
            failure=_failure(card),
        )
        charge.metadata = intent.metadata
        charge.put()
        if charge.failure:
            call.emit("charge.failed", charge)
        return charge

    @property
    def refundable(self) -> int:
        return self.amount_captured - self.amount_returned

    def capture(self, amount: int, call: Call) -> None:
        """Takes so much of the authorised money; the rest is free again."""
        self.captured, self.amount_captured, self.amount_released = True, amount, self.amount - amount
        self.balance_transaction = balance.book("charge", self.currency, amount, self.id)
        self.put()

    def release(self, call: Call) -> None:
        """Lets the whole authorisation go."""
        self.amount_released = self.amount
        self.put()
        call.emit("charge.refunded", self)

    def give_back(self, amount: int, call: Call) -> None:
        """Captured money returns to the card."""
        self.amount_returned += amount
        self.put()
        call.emit("charge.refunded", self)

    def as_json(self) -> Body:
        gone = self.amount_released + self.amount_returned
        failure = self.failure or {}
        return {
            **self.common_json(),
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": gone,  # at Stripe what a partial capture releases counts as refunded
            "balance_transaction": self.balance_transaction,
            "captured": self.captured,
            "currency": self.currency,
            "customer": self.customer,
            "disputed": self.disputed,
            "failure_code": failure.get("code"),
            "failure_message": failure.get("message"),
            "outcome": _outcome(failure),
            "paid": self.status == "succeeded",
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "payment_method_details": self._details(),
            "refunded": gone == self.amount,
            "status": self.status,
            "transfer_group": self.transfer_group,
        }

    def _details(self) -> Body:
        card = PaymentMethod(card_name=self.card_name).card
        shown: Body = {"brand": card.brand, "last4": card.last4, **EXPIRY, "funding": "credit"}
        if not self.captured and not self.failure:
            shown["capture_before"] = self.created + AUTHORISED_SECONDS
        return {"type": "card", "card": shown}


def _failure(card: Card) -> Body | None:
    return {"code": card.code, "decline_code": card.decline_code, "message": card.message} if card.code else None


def _outcome(failure: Body) -> Body:
    if failure:
        reason = failure["decline_code"]
        return {"network_status": "declined_by_network", "reason": reason, "type": "issuer_declined"}
    return {"network_status": "approved_by_network", "reason": None, "type": "authorized"}


def retrieve(call: Call) -> Charge:
    return call.own(Charge, "charge")


def index(call: Call) -> Body:
    return list_of(call, Charge.objects.all(), "customer", "payment_intent", "transfer_group")
