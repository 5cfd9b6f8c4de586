"""PaymentIntents: the state machine of one payment."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.clock import now
from marketplace.stripe_sandbox.errors import Body, Refusal, bad_parameter, wrong_state
from marketplace.stripe_sandbox.objects.base import StripeObject
from marketplace.stripe_sandbox.objects.challenge import challenge, wanted
from marketplace.stripe_sandbox.objects.charge import Charge
from marketplace.stripe_sandbox.objects.customer import living
from marketplace.stripe_sandbox.objects.dispute import open_dispute
from marketplace.stripe_sandbox.objects.payment_method import PaymentMethod, decline, obtain

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


class PaymentIntent(StripeObject):
    """From requires_payment_method to succeeded or canceled."""

    PREFIX: ClassVar = "pi"
    OBJECT: ClassVar = "payment_intent"
    ECHOED: ClassVar = (
        "description",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "statement_descriptor",
        "statement_descriptor_suffix",
    )

    amount = models.BigIntegerField()
    amount_capturable = models.BigIntegerField(default=0)
    amount_received = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=32)
    capture_method = models.CharField(max_length=16)
    customer = models.CharField(max_length=64, null=True, db_index=True)
    payment_method = models.CharField(max_length=64, null=True)
    latest_charge = models.CharField(max_length=64, null=True)
    transfer_group = models.CharField(max_length=255, null=True, db_index=True)
    redirects = models.BooleanField(default=False)  # may it offer methods that send the payer to another page?
    canceled_at = models.BigIntegerField(null=True)
    cancellation_reason = models.CharField(max_length=32, null=True)
    last_payment_error = models.JSONField(null=True)
    _method: PaymentMethod | None = None  # already read by this call

    def as_json(self) -> Body:
        automatic = {"enabled": True, "allow_redirects": "always"} if self.redirects else None
        return {
            **self.common_json(),
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_received": self.amount_received,
            "application_fee_amount": None,
            "automatic_payment_methods": automatic,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": f"{self.id}_secret_sandbox",
            "confirmation_method": "automatic",
            "currency": self.currency,
            "customer": self.customer,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "next_action": challenge(self.id) if self.status == "requires_action" else None,
            "payment_method": self.payment_method,
            "payment_method_types": ["card"],
            "processing": None,
            "status": self.status,
            "transfer_data": None,
            "transfer_group": self.transfer_group,
        }

    def refuse(self, message: str) -> Refusal:
        """The intent's state forbids it."""
        return wrong_state(message, "payment_intent_unexpected_state", payment_intent=self.as_json())

    def accept(self, params: Body) -> None:
        """What create, update and confirm have in common."""
        self.take(params)
        if "customer" in params:
            self.customer = living(params["customer"]).id if params["customer"] else None
        if "payment_method" in params:
            self._method = obtain(params["payment_method"]) if params["payment_method"] else None
            self.payment_method = self._method.id if self._method else None
            self.status = "requires_confirmation" if self.payment_method else "requires_payment_method"
        self.capture_method = params.get("capture_method") or self.capture_method
        self.transfer_group = params.get("transfer_group", self.transfer_group) or None

    def confirm(self, params: Body, call: Call, answered: bool = False) -> "PaymentIntent | Refusal":
        """Asks the issuer; a manual intent then waits for its capture."""
        self._check_confirmable(params)
        method = self._method or PaymentMethod.find(self.payment_method or "", "payment_method")
        method.check_usable(self.customer)
        if method.card.asks and not answered and not (method.consented and method.card.asks == "once"):
            return self._ask_person(method, params, call)
        charge = Charge.authorise(self, method, call)
        self.latest_charge = charge.id
        if charge.failure:
            return self.fail(decline(method.card, charge=self.latest_charge, payment_method=method.as_json()), call)
        method.consented = method.consented or answered
        method.settle_on(self.customer if self.echoed.get("setup_future_usage") else None)
        self.last_payment_error = None
        if self.capture_method == "manual":
            self.status, self.amount_capturable = "requires_capture", self.amount
            self.put()
            call.emit("payment_intent.amount_capturable_updated", self)
        else:
            self.receive(charge, self.amount, call)
            call.emit("charge.succeeded", charge)
        return self

    def _ask_person(self, method: PaymentMethod, params: Body, call: Call) -> "PaymentIntent | Refusal":
        """Before the bank agrees it wants the person; who is away is declined."""
        if params.get("off_session"):
            return self.fail(wanted(payment_method=method.as_json()), call)
        self.status = "requires_action"
        call.emit("payment_intent.requires_action", self.put())
        return self

    def _check_confirmable(self, params: Body) -> None:
        if self.status not in OPEN:
            raise self.refuse(f"You cannot confirm this PaymentIntent because it has a status of {self.status}.")
        if not self.payment_method:
            raise self.refuse(
                "You cannot confirm this PaymentIntent because it's missing a payment method. "
                "Update it with a payment method, then confirm it again."
            )
        if self.redirects and not params.get("off_session") and not params.get("return_url"):
            raise bad_parameter(
                "This PaymentIntent accepts payment methods that might redirect your customer off of your page: "
                "provide a `return_url`, or set `automatic_payment_methods[allow_redirects]` to `never`.",
                "return_url",
            )

    def fail(self, refusal: Refusal, call: Call) -> Refusal:
        """The decline is an answer of its own, and its traces stay."""
        self.last_payment_error = refusal.error
        self.status, self.payment_method = "requires_payment_method", None
        self.put()
        call.emit("payment_intent.payment_failed", self)
        refusal.error = {**refusal.error, "payment_intent": self.as_json()}
        return refusal

    def cancel(self, reason: str | None, call: Call) -> None:
        """Nothing is taken, and what was held is free again."""
        if self.status == "requires_capture":
            Charge.find(self.latest_charge or "", "latest_charge").release(call)
        self.status, self.amount_capturable, self.canceled_at = "canceled", 0, now()
        self.cancellation_reason = reason
        self.put()
        call.emit("payment_intent.canceled", self)

    def receive(self, charge: Charge, amount: int, call: Call) -> None:
        """The money is the platform's."""
        charge.capture(amount, call)
        self.status, self.amount_received, self.amount_capturable = "succeeded", amount, 0
        self.put()
        call.emit("payment_intent.succeeded", self)
        if PaymentMethod(card_name=charge.card_name).card.disputed:
            open_dispute(charge, call)
