"""Connected accounts: who is paid."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of


class Account(StripeObject):
    """A seller's account; what it asks for is active at once, since nobody is to be identified here."""

    PREFIX: ClassVar = "acct"
    OBJECT: ClassVar = "account"
    ECHOED: ClassVar = ("business_profile", "business_type", "company", "controller", "email", "settings")

    type = models.CharField(max_length=16)
    country = models.CharField(max_length=2)
    default_currency = models.CharField(max_length=3)
    capabilities = models.JSONField(default=dict)
    deleted = models.BooleanField(default=False)

    def as_json(self) -> Body:
        if self.deleted:
            return {"id": self.id, "object": self.OBJECT, "deleted": True}
        shown = self.common_json()
        del shown["livemode"]  # Stripe's accounts have none
        due: Body = {"currently_due": [], "eventually_due": [], "past_due": [], "disabled_reason": None}
        return {
            **shown,
            "type": self.type,
            "country": self.country,
            "default_currency": self.default_currency,
            "capabilities": self.capabilities,
            "charges_enabled": self.capabilities.get("card_payments") == "active",
            "payouts_enabled": True,
            "details_submitted": True,
            "requirements": due,
        }

    @property
    def takes_transfers(self) -> bool:
        return not self.deleted and self.capabilities.get("transfers") == "active"

    def accept(self, params: Body) -> None:
        """What create and update have in common."""
        self.take(params)
        for name, wish in (params.get("capabilities") or {}).items():
            if wish.get("requested"):
                self.capabilities[name] = "active"
            else:
                self.capabilities.pop(name, None)
        self.default_currency = params.get("default_currency", self.default_currency)


def create(call: Call) -> Account:
    kind = call.params.get("type") or ("none" if "controller" in call.params else "standard")
    country = call.params.get("country", "US")
    account = Account.make({}, type=kind, country=country, default_currency="usd" if country == "US" else "eur")
    account.accept(call.params)
    call.emit("account.updated", account.put())
    return account


def retrieve(call: Call) -> Account:
    return call.own(Account, "account")


def update(call: Call) -> Account:
    account = call.own(Account, "account")
    account.accept(call.params)
    account.put()
    call.emit("account.updated", account)
    return account


def delete(call: Call) -> Account:
    account = call.own(Account, "account")
    account.deleted = True
    account.put()
    return account


def index(call: Call) -> Body:
    return list_of(call, Account.objects.filter(deleted=False))
