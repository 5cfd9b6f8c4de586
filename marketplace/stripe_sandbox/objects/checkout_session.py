"""Checkout sessions in setup mode: a hosted page on which a person saves a card."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.addresses import page_address
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.clock import now
from marketplace.stripe_sandbox.errors import Body, bad_parameter, wrong_state
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.objects.customer import living
from marketplace.stripe_sandbox.objects.setup_intent import SetupIntent

OPEN_SECONDS = 24 * 3600


class CheckoutSession(StripeObject):
    """A page that is open for a day, and the SetupIntent behind it."""

    PREFIX: ClassVar = "cs_test"
    OBJECT: ClassVar = "checkout.session"
    ECHOED: ClassVar = ("client_reference_id", "currency", "locale")

    customer = models.CharField(max_length=64, null=True, db_index=True)
    setup_intent = models.CharField(max_length=64, db_index=True)
    success_url = models.CharField(max_length=2000)
    cancel_url = models.CharField(max_length=2000, null=True)
    status = models.CharField(max_length=16, default="open")
    expires_at = models.BigIntegerField()

    def as_json(self) -> Body:
        return {
            **self.common_json(),
            "cancel_url": self.cancel_url,
            "customer": self.customer,
            "expires_at": self.expires_at,
            "mode": "setup",
            "payment_intent": None,
            "payment_method_types": ["card"],
            "payment_status": "no_payment_required",
            "setup_intent": self.setup_intent,
            "status": self.shown,
            "success_url": self.success_url,
            "url": page_address("card", self.id) if self.shown == "open" else None,
        }

    @property
    def shown(self) -> str:
        """An open page is over after a day, whether or not anybody has looked."""
        return "expired" if self.status == "open" and self.expires_at <= now() else self.status

    def complete(self, call: Call) -> None:
        """The card is saved."""
        self.status = "complete"
        call.emit("checkout.session.completed", self.put())


def create(call: Call) -> CheckoutSession:
    params = call.params
    if params.get("mode") != "setup":
        raise bad_parameter("The sandbox's checkout has mode `setup` only.", "mode")
    if not params.get("success_url"):
        raise bad_parameter("Missing required param: success_url.", "success_url", "parameter_missing")
    customer = living(params["customer"]).id if params.get("customer") else None
    intent = SetupIntent.make(params.get("setup_intent_data") or {}, customer=customer)
    call.emit("setup_intent.created", intent.put())
    return CheckoutSession.make(
        params,
        customer=customer,
        setup_intent=intent.id,
        success_url=params["success_url"],
        cancel_url=params.get("cancel_url"),
        expires_at=now() + OPEN_SECONDS,
    ).put()


def retrieve(call: Call) -> CheckoutSession:
    return call.own(CheckoutSession, "session")


def expire(call: Call) -> CheckoutSession:
    session: CheckoutSession = call.own(CheckoutSession, "session")
    if session.shown != "open":
        raise wrong_state(f"Only open sessions can be expired; this one is {session.shown}.", "resource_missing")
    session.status = "expired"
    call.emit("checkout.session.expired", session.put())
    return session


def index(call: Call) -> Body:
    return list_of(call, CheckoutSession.objects.all(), "customer")
