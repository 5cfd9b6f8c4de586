"""Connected accounts: who is paid."""

from typing import ClassVar

from django.db import models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body, bad_parameter
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of

VERDICTS = ("approved", "review", "more", "refused")
DUE = {
    "": ["business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"],
    "more": ["individual.verification.document"],
}
DISABLED = {"": "requirements.past_due", "more": "requirements.past_due", "refused": "rejected.other"}


class Account(StripeObject):
    """A seller's account.

    What an express account asks for is inactive until its owner has filled in the form behind an account link; of the
    other types, whose platform tells Stripe who the owner is, it is active at once.
    """

    PREFIX: ClassVar = "acct"
    OBJECT: ClassVar = "account"
    ECHOED: ClassVar = ("business_profile", "business_type", "company", "controller", "email", "settings")

    type = models.CharField(max_length=16)
    country = models.CharField(max_length=2)
    default_currency = models.CharField(max_length=3)
    capabilities = models.JSONField(default=dict)
    deleted = models.BooleanField(default=False)
    verdict = models.CharField(max_length=16, default="")  # what became of the form: approved, review, more, refused
    return_url = models.CharField(max_length=2000, default="")

    def as_json(self) -> Body:
        if self.deleted:
            return {"id": self.id, "object": self.OBJECT, "deleted": True}
        shown = self.common_json()
        del shown["livemode"]  # Stripe's accounts have none
        due = DUE.get(self.verdict, []) if self.waits_for_owner else []
        requirements: Body = {
            "currently_due": due,
            "eventually_due": due,
            "past_due": [],
            "pending_verification": [],
            "disabled_reason": DISABLED.get(self.verdict) if self.waits_for_owner else None,
        }
        return {
            **shown,
            "type": self.type,
            "country": self.country,
            "default_currency": self.default_currency,
            "capabilities": self.capabilities,
            "charges_enabled": self.capabilities.get("card_payments") == "active",
            "payouts_enabled": not self.waits_for_owner,
            "details_submitted": bool(self.verdict) or self.type != "express",
            "requirements": requirements,
        }

    @property
    def waits_for_owner(self) -> bool:
        """Whether it is the owner's turn, or nobody's any more."""
        return self.type == "express" and self.verdict != "approved"

    @property
    def takes_transfers(self) -> bool:
        return not self.deleted and self.capabilities.get("transfers") == "active"

    def accept(self, params: Body) -> None:
        """What create and update have in common."""
        self.take(params)
        for name, wish in (params.get("capabilities") or {}).items():
            if wish.get("requested"):
                self.capabilities[name] = self._ability()
            else:
                self.capabilities.pop(name, None)
        self.default_currency = params.get("default_currency", self.default_currency)

    def judge(self, verdict: str, call: Call) -> None:
        """What Stripe makes of the owner's form; it may think again at any time."""
        if verdict not in VERDICTS:
            raise bad_parameter(f"outcome is one of {', '.join(VERDICTS)}.", "outcome")
        self.verdict = verdict
        self.capabilities = dict.fromkeys(self.capabilities, self._ability())
        call.emit("account.updated", self.put())

    def _ability(self) -> str:
        if not self.waits_for_owner:
            return "active"
        return "pending" if self.verdict == "review" else "inactive"


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
