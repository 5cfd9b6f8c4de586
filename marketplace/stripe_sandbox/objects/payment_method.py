"""Payment methods: cards, most of them made from Stripe's test tokens."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.cards import BY_NUMBER, CARDS, Card, card_named
from marketplace.stripe_sandbox.errors import Body, Refusal, bad_parameter, missing_object, wrong_state
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.objects.customer import Customer, living

EXPIRY = {"exp_month": 12, "exp_year": 2034}


class PaymentMethod(StripeObject):
    """One card; unattached it serves for one payment only."""

    PREFIX: ClassVar = "pm"
    OBJECT: ClassVar = "payment_method"
    ECHOED: ClassVar = ("billing_details", "allow_redisplay")

    card_name = models.CharField(max_length=64)
    customer = models.CharField(max_length=64, null=True, db_index=True)
    used = models.BooleanField(default=False)
    consented = models.BooleanField(default=False)  # the bank was asked, and agreed to later charges

    @property
    def card(self) -> Card:
        return CARDS[self.card_name]

    def as_json(self) -> Body:
        billing = {"address": None, "email": None, "name": None, "phone": None}
        return {
            **self.common_json(),
            "type": "card",
            "customer": self.customer,
            "allow_redisplay": self.echoed.get("allow_redisplay") or "unspecified",
            "billing_details": {**billing, **(self.echoed.get("billing_details") or {})},
            "card": {
                "brand": self.card.brand,
                "last4": self.card.last4,
                **EXPIRY,
                "country": "US",
                "funding": "credit",
                "fingerprint": f"sandbox{self.card.number[-8:]}",
            },
        }

    def check_usable(self, customer: str | None) -> None:
        """A card of another customer, or a loose card used before, is refused as Stripe refuses it."""
        if self.customer and self.customer != customer:
            raise bad_parameter(
                f"The PaymentMethod {self.id} belongs to the Customer {self.customer}. "
                "Please include the Customer in the `customer` parameter on the PaymentIntent.",
                "payment_method",
            )
        if self.used and not self.customer:
            raise wrong_state(
                "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, "
                "or was detached from a Customer. It may not be used again.",
                "payment_method_unexpected_state",
                param="payment_method",
            )

    def settle_on(self, customer: str | None) -> None:
        """After a success: kept with the customer where the payment asked for it."""
        if not self.used or (customer and not self.customer):
            self.used, self.customer = True, self.customer or customer
            self.put()


def obtain(wanted: str, param: str = "payment_method") -> PaymentMethod:
    """A stored payment method, or a new one from a test token."""
    if name := card_named(wanted):
        return PaymentMethod.make({}, card_name=name).put()
    return PaymentMethod.find(wanted, param)


def decline(card: Card, **fields: object) -> Refusal:
    """The issuer said no: 402, with the reason."""
    error = {"code": card.code, "decline_code": card.decline_code, **fields}
    return Refusal(card.message, status=402, stored=True, **{**error, "type": "card_error"})


def create(call: Call) -> PaymentMethod:
    if call.params.get("type") != "card":
        raise bad_parameter("The sandbox knows payment methods of type `card` only.", "type")
    card = call.params.get("card") or {}
    name = BY_NUMBER.get(card.get("number", "")) or card_named(card.get("token", ""))
    if name is None:
        raise bad_parameter("Your card number is incorrect: use one of Stripe's test cards.", "card[number]")
    return PaymentMethod.make(call.params, card_name=name).put()


def retrieve(call: Call) -> PaymentMethod:
    return call.own(PaymentMethod)


def attach(call: Call) -> PaymentMethod:
    method = obtain(call.path_id) if card_named(call.path_id) else call.own(PaymentMethod)
    customer = living(call.params.get("customer", ""))
    if method.customer:
        raise wrong_state(
            "The payment method you provided has already been attached to a customer.",
            "payment_method_unexpected_state",
        )
    method.check_usable(customer.id)
    if method.card.code and method.card.refused_at_attach:
        raise decline(method.card)
    method.customer = customer.id
    method.put()
    call.emit("payment_method.attached", method)
    return method


def detach(call: Call) -> PaymentMethod:
    method = call.own(PaymentMethod)
    if not method.customer:
        raise wrong_state(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            "payment_method_unexpected_state",
        )
    method.customer, method.used = None, True  # once detached it may not be used again
    method.put()
    call.emit("payment_method.detached", method)
    return method


def index(call: Call) -> Body:
    return list_of(call, PaymentMethod.objects.all(), "customer")


def index_of_customer(call: Call) -> Body:
    return list_of(call, PaymentMethod.objects.filter(customer=call.own(Customer, "customer").id))


def retrieve_of_customer(call: Call) -> PaymentMethod:
    customer, wanted = call.path_ids
    method = PaymentMethod.seek(wanted, customer=customer)
    if method is None:
        raise missing_object(PaymentMethod.OBJECT, wanted, "payment_method", status=404)
    return method
