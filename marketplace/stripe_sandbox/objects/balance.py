"""What the platform and each connected account have, per currency."""

from typing import ClassVar

from django.db import connections, models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body
from marketplace.stripe_sandbox.objects.account import Account
from marketplace.stripe_sandbox.objects.base import StripeObject, list_of
from marketplace.stripe_sandbox.router import ALIAS

PLATFORM = ""
ADD = (
    "INSERT INTO stripe_sandbox_balance (account, currency, available) VALUES (%s, %s, %s) "
    "ON CONFLICT (account, currency) DO UPDATE SET available = available + excluded.available"
)


class Balance(models.Model):
    """One number; captured money is available at once and Stripe's own fees are nought."""

    account = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    available = models.BigIntegerField(default=0)

    class Meta:
        app_label = "stripe_sandbox"
        constraints = [models.UniqueConstraint(fields=["account", "currency"], name="one_balance_per_currency")]


def book(kind: str, currency: str, amount: int, source: str) -> str:
    """A line of the platform's statement, and its effect on the balance; the line's id."""
    add(PLATFORM, currency, amount)
    return BalanceTransaction.make({}, type=kind, currency=currency, amount=amount, source=source).put().id


def add(account: str, currency: str, amount: int) -> None:
    """Adds, or takes away without a floor, as a refund beyond the balance is drawn from the platform's bank."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(ADD, [account, currency, amount])


def available(account: str, currency: str) -> int:
    """What is there; read under the writer's lock, so nobody takes it meanwhile."""
    row = Balance.objects.filter(account=account, currency=currency).first()
    return row.available if row else 0


class BalanceTransaction(StripeObject):
    """One line of the platform's statement; Stripe's fees are nought here."""

    PREFIX: ClassVar = "txn"
    OBJECT: ClassVar = "balance_transaction"

    type = models.CharField(max_length=32, db_index=True)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    source = models.CharField(max_length=64, db_index=True)

    def as_json(self) -> Body:
        return {
            "id": self.id,
            "object": self.OBJECT,
            "created": self.created,
            "available_on": self.created,
            "amount": self.amount,
            "currency": self.currency,
            "description": None,
            "exchange_rate": None,
            "fee": 0,
            "fee_details": [],
            "net": self.amount,
            "reporting_category": self.type,
            "source": self.source,
            "status": "available",
            "type": self.type,
        }


def retrieve_line(call: Call) -> BalanceTransaction:
    return call.own(BalanceTransaction)


def lines(call: Call) -> Body:
    return list_of(call, BalanceTransaction.objects.all(), "type", "source", "currency")


def retrieve(call: Call) -> Body:
    """The platform's balance, or with the Stripe-Account header a connected account's."""
    if call.account:
        Account.find(call.account, "Stripe-Account")
    rows = Balance.objects.filter(account=call.account).order_by("currency")
    available = [
        {"amount": row.available, "currency": row.currency, "source_types": {"card": row.available}} for row in rows
    ]
    pending = [{**each, "amount": 0, "source_types": {"card": 0}} for each in available]
    return {"object": "balance", "livemode": False, "available": available, "pending": pending}
