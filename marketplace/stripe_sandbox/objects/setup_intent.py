"""SetupIntents: a card is saved for later, with the bank's consent where it wants to be asked."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body, Refusal, bad_parameter, wrong_state
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.objects.challenge import challenge
from marketplace.stripe_sandbox.objects.customer import living
from marketplace.stripe_sandbox.objects.payment_method import PaymentMethod, decline, obtain

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


class SetupIntent(StripeObject):
    """From requires_payment_method to succeeded or canceled."""

    PREFIX: ClassVar = "seti"
    OBJECT: ClassVar = "setup_intent"
    ECHOED: ClassVar = ("description", "flow_directions")

    status = models.CharField(max_length=32, default="requires_payment_method")
    customer = models.CharField(max_length=64, null=True, db_index=True)
    payment_method = models.CharField(max_length=64, null=True)
    usage = models.CharField(max_length=16, default="off_session")
    cancellation_reason = models.CharField(max_length=32, null=True)
    last_setup_error = models.JSONField(null=True)

    def as_json(self) -> Body:
        return {
            **self.common_json(),
            "application": None,
            "cancellation_reason": self.cancellation_reason,
            "client_secret": f"{self.id}_secret_sandbox",
            "customer": self.customer,
            "last_setup_error": self.last_setup_error,
            "latest_attempt": None,
            "mandate": None,
            "next_action": challenge(self.id) if self.status == "requires_action" else None,
            "payment_method": self.payment_method,
            "payment_method_types": ["card"],
            "single_use_mandate": None,
            "status": self.status,
            "usage": self.usage,
        }

    def accept(self, params: Body) -> None:
        """What create, update and confirm have in common."""
        self.take(params)
        if "customer" in params:
            self.customer = living(params["customer"]).id if params["customer"] else None
        if params.get("payment_method"):
            self.payment_method = obtain(params["payment_method"]).id
            self.status = "requires_confirmation"
        self.usage = params.get("usage") or self.usage

    def confirm(self, call: Call) -> "SetupIntent | Refusal":
        """Asks the issuer, who may want the person."""
        if self.status not in OPEN:
            raise self.refuse(f"You cannot confirm this SetupIntent because it has a status of {self.status}.")
        if not self.payment_method:
            raise self.refuse("You cannot confirm this SetupIntent because it's missing a payment method.")
        method = PaymentMethod.find(self.payment_method, "payment_method")
        method.check_usable(self.customer)
        if method.card.code and method.card.refused_at_attach:
            return self.fail(decline(method.card, payment_method=method.as_json()), call)
        if method.card.asks and not method.consented:
            self.status = "requires_action"
            call.emit("setup_intent.requires_action", self.put())
            return self
        return self.succeed(call)

    def succeed(self, call: Call) -> "SetupIntent":
        """The card may be charged later, the person away."""
        method = PaymentMethod.find(self.payment_method or "", "payment_method")
        method.consented = True
        method.customer = method.customer or self.customer
        method.put()
        self.status, self.last_setup_error = "succeeded", None
        call.emit("setup_intent.succeeded", self.put())
        return self

    def fail(self, refusal: Refusal, call: Call) -> Refusal:
        """The bank, or the person before it, said no."""
        self.status, self.payment_method, self.last_setup_error = "requires_payment_method", None, refusal.error
        call.emit("setup_intent.setup_failed", self.put())
        refusal.error = {**refusal.error, "setup_intent": self.as_json()}
        return refusal

    def refuse(self, message: str) -> Refusal:
        """The intent's state forbids it."""
        return wrong_state(message, "setup_intent_unexpected_state", setup_intent=self.as_json())


def create(call: Call) -> SetupIntent | Refusal:
    if call.params.get("return_url") and not call.params.get("confirm"):
        raise bad_parameter("`return_url` may only be given when `confirm` is true.", "return_url")
    intent = SetupIntent.make({})
    intent.accept(call.params)
    call.emit("setup_intent.created", intent.put())
    return intent.confirm(call) if call.params.get("confirm") else intent


def retrieve(call: Call) -> SetupIntent:
    return call.own(SetupIntent, "intent")


def update(call: Call) -> SetupIntent:
    intent: SetupIntent = call.own(SetupIntent, "intent")
    if intent.status not in OPEN:
        raise intent.refuse(f"This SetupIntent could not be updated because it has a status of {intent.status}.")
    intent.accept(call.params)
    return intent.put()


def confirm(call: Call) -> SetupIntent | Refusal:
    intent: SetupIntent = call.own(SetupIntent, "intent")
    if intent.status in OPEN:
        intent.accept(call.params)
    return intent.confirm(call)


def cancel(call: Call) -> SetupIntent:
    intent: SetupIntent = call.own(SetupIntent, "intent")
    if intent.status not in OPEN:
        raise intent.refuse(f"You cannot cancel this SetupIntent because it has a status of {intent.status}.")
    intent.status, intent.cancellation_reason = "canceled", call.params.get("cancellation_reason")
    call.emit("setup_intent.canceled", intent.put())
    return intent


def index(call: Call) -> Body:
    return list_of(call, SetupIntent.objects.all(), "customer", "payment_method")
