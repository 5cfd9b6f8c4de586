"""What the platform and each connected account have, per currency."""

from django.db import connections, models

from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.errors import Body
from marketplace.stripe_sandbox.objects.account import Account
from marketplace.stripe_sandbox.router import ALIAS

PLATFORM = ""
ADD = (
    "INSERT INTO stripe_sandbox_balance (account, currency, available) VALUES (%s, %s, %s) "
    "ON CONFLICT (account, currency) DO UPDATE SET available = available + excluded.available"
)
TAKE = (
    "UPDATE stripe_sandbox_balance SET available = available - %s "
    "WHERE account = %s AND currency = %s AND available >= %s"
)


class Balance(models.Model):
    """One number; captured money is available at once and Stripe's own fees are nought."""

    account = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    available = models.BigIntegerField(default=0)

    class Meta:
        app_label = "stripe_sandbox"
        constraints = [models.UniqueConstraint(fields=["account", "currency"], name="one_balance_per_currency")]


def add(account: str, currency: str, amount: int) -> None:
    """Adds, or takes away without a floor, as a refund beyond the balance is drawn from the platform's bank."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(ADD, [account, currency, amount])


def take(account: str, currency: str, amount: int) -> bool:
    """Takes away only what is there."""
    with connections[ALIAS].cursor() as cursor:
        return cursor.execute(TAKE, [amount, account, currency, amount]).rowcount == 1


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
