"""PaymentIntents: the state machine of one payment."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.amounts import check_charge, check_currency
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body, Refusal, bad_parameter, wrong_state
from marketplace.stripe_sandbox.ids import now
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.objects.charge import Charge
from marketplace.stripe_sandbox.objects.customer import living
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
            "next_action": None,
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

    def confirm(self, params: Body, call: Call) -> "PaymentIntent | Refusal":
        """Asks the issuer; a manual intent then waits for its capture."""
        self._check_confirmable(params)
        method = self._method or PaymentMethod.find(self.payment_method or "", "payment_method")
        method.check_usable(self.customer)
        charge = Charge.authorise(self, method, call)
        self.latest_charge = charge.id
        if charge.failure:
            return self._fail(method, call)
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

    def _fail(self, method: PaymentMethod, call: Call) -> Refusal:
        """The decline is an answer of its own, and its traces stay."""
        refusal = decline(method.card, charge=self.latest_charge, payment_method=method.as_json())
        self.last_payment_error = refusal.error
        self.status, self.payment_method = "requires_payment_method", None
        self.put()
        call.emit("payment_intent.payment_failed", self)
        refusal.error = {**refusal.error, "payment_intent": self.as_json()}
        return refusal

    def receive(self, charge: Charge, amount: int, call: Call) -> None:
        """The money is the platform's."""
        charge.capture(amount, call)
        self.status, self.amount_received, self.amount_capturable = "succeeded", amount, 0
        self.put()
        call.emit("payment_intent.succeeded", self)


def _may_redirect(params: Body) -> bool:
    """Unless it is told otherwise, Stripe offers whatever the dashboard allows."""
    allowed, automatic = params.get("allowed_payment_method_types"), params.get("automatic_payment_methods")
    if allowed and automatic:
        raise bad_parameter(
            "You may only specify one of these parameters: allowed_payment_method_types, automatic_payment_methods.",
            "allowed_payment_method_types",
        )
    if allowed and "card" not in allowed:
        raise bad_parameter("The sandbox has cards only.", "allowed_payment_method_types")
    automatic = automatic or {"enabled": not allowed}
    return automatic["enabled"] and automatic.get("allow_redirects") != "never"


def create(call: Call) -> PaymentIntent | Refusal:
    params = call.params
    currency = check_currency(params["currency"])
    if not params.get("confirm") and (only := {"off_session", "return_url"} & params.keys()):
        raise bad_parameter(f"`{min(only)}` may only be given when `confirm` is true.", min(only))
    intent = PaymentIntent.make(
        {},
        amount=check_charge(params["amount"], currency),
        currency=currency,
        status="requires_payment_method",
        capture_method="automatic_async",
        redirects=_may_redirect(params),
    )
    intent.accept(params)
    call.emit("payment_intent.created", intent)
    return intent.confirm(params, call) if params.get("confirm") else intent.put()


def retrieve(call: Call) -> PaymentIntent:
    return call.own(PaymentIntent, "intent")


def update(call: Call) -> PaymentIntent:
    intent = call.own(PaymentIntent, "intent")
    params = call.params
    if intent.status not in OPEN and params.keys() & {"amount", "currency", "customer", "payment_method"}:
        raise intent.refuse(f"This PaymentIntent could not be updated because it has a status of {intent.status}.")
    intent.currency = check_currency(params.get("currency") or intent.currency)
    intent.amount = check_charge(params.get("amount") or intent.amount, intent.currency)
    intent.accept(params)
    intent.put()
    return intent


def confirm(call: Call) -> PaymentIntent | Refusal:
    intent = call.own(PaymentIntent, "intent")
    if intent.status in OPEN:
        intent.accept(call.params)
    return intent.confirm(call.params, call)


def capture(call: Call) -> PaymentIntent:
    intent = call.own(PaymentIntent, "intent")
    if intent.status != "requires_capture":
        raise intent.refuse(
            f"This PaymentIntent could not be captured because it has a status of {intent.status}. "
            "Only a PaymentIntent with one of the following statuses may be captured: requires_capture."
        )
    amount = check_charge(call.params.get("amount_to_capture", intent.amount), intent.currency, "amount_to_capture")
    if amount > intent.amount_capturable:
        raise wrong_state(
            f"The remaining amount on this PaymentIntent that can be captured is {intent.amount_capturable}.",
            "amount_too_large",
            param="amount_to_capture",
        )
    intent.take(call.params)
    charge = Charge.find(intent.latest_charge, "latest_charge")
    intent.receive(charge, amount, call)
    call.emit("charge.captured", charge)
    return intent


def cancel(call: Call) -> PaymentIntent:
    intent = call.own(PaymentIntent, "intent")
    if intent.status not in (*OPEN, "requires_capture"):
        raise intent.refuse(f"You cannot cancel this PaymentIntent because it has a status of {intent.status}.")
    if intent.status == "requires_capture":
        Charge.find(intent.latest_charge, "latest_charge").release(call)
    intent.status, intent.amount_capturable, intent.canceled_at = "canceled", 0, now()
    intent.cancellation_reason = call.params.get("cancellation_reason")
    intent.put()
    call.emit("payment_intent.canceled", intent)
    return intent


def index(call: Call) -> Body:
    return list_of(call, PaymentIntent.objects.all(), "customer")
