"""Customers: who pays."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body, missing_object
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of


class Customer(StripeObject):
    """A payer; deleting keeps the row, as Stripe still answers for it."""

    PREFIX: ClassVar = "cus"
    OBJECT: ClassVar = "customer"
    ECHOED: ClassVar = ("address", "description", "name", "phone", "preferred_locales", "shipping", "tax_exempt")

    email = models.CharField(max_length=512, null=True, db_index=True)
    default_payment_method = models.CharField(max_length=64, null=True)
    deleted = models.BooleanField(default=False)

    def as_json(self) -> Body:
        if self.deleted:
            return {"id": self.id, "object": self.OBJECT, "deleted": True}
        return {
            **self.common_json(),
            "balance": 0,
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "email": self.email,
            "invoice_settings": {"default_payment_method": self.default_payment_method, "footer": None},
            "tax_exempt": self.echoed.get("tax_exempt") or "none",
        }

    def accept(self, params: Body) -> None:
        """What create and update have in common."""
        self.take(params)
        if "email" in params:
            self.email = params["email"] or None
        settings = params.get("invoice_settings") or {}
        if "default_payment_method" in settings:
            self.default_payment_method = settings["default_payment_method"] or None


def living(wanted: str, param: str = "customer") -> Customer:
    """A customer that has not been deleted."""
    customer = Customer.seek(wanted, deleted=False)
    if customer is None:
        raise missing_object(Customer.OBJECT, wanted, param)
    return customer


def create(call: Call) -> Customer:
    customer = Customer.make({})
    customer.accept(call.params)
    call.emit("customer.created", customer.put())
    return customer


def retrieve(call: Call) -> Customer:
    return call.own(Customer)


def update(call: Call) -> Customer:
    customer = living(call.own(Customer).id, "id")
    customer.accept(call.params)
    customer.put()
    call.emit("customer.updated", customer)
    return customer


def delete(call: Call) -> Customer:
    customer = living(call.own(Customer).id, "id")
    call.emit("customer.deleted", customer)
    customer.deleted = True
    customer.put()
    return customer


def index(call: Call) -> Body:
    return list_of(call, Customer.objects.filter(deleted=False), "email")
