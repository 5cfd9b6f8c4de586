"""The tables, each beside the object that it stores."""

from marketplace.stripe_sandbox.objects.account import Account
from marketplace.stripe_sandbox.objects.balance import Balance, BalanceTransaction
from marketplace.stripe_sandbox.objects.charge import Charge
from marketplace.stripe_sandbox.objects.checkout_session import CheckoutSession
from marketplace.stripe_sandbox.objects.customer import Customer
from marketplace.stripe_sandbox.objects.dispute import Dispute
from marketplace.stripe_sandbox.objects.event import Delivery, Event
from marketplace.stripe_sandbox.objects.idempotent_request import IdempotentRequest
from marketplace.stripe_sandbox.objects.payment_intent import PaymentIntent
from marketplace.stripe_sandbox.objects.payment_method import PaymentMethod
from marketplace.stripe_sandbox.objects.refund import Refund
from marketplace.stripe_sandbox.objects.reversal import Reversal
from marketplace.stripe_sandbox.objects.setup_intent import SetupIntent
from marketplace.stripe_sandbox.objects.transfer import Transfer
from marketplace.stripe_sandbox.objects.webhook_endpoint import WebhookEndpoint

__all__ = [
    "Account",
    "Balance",
    "BalanceTransaction",
    "Charge",
    "CheckoutSession",
    "Customer",
    "Delivery",
    "Dispute",
    "Event",
    "IdempotentRequest",
    "PaymentIntent",
    "PaymentMethod",
    "Refund",
    "Reversal",
    "SetupIntent",
    "Transfer",
    "WebhookEndpoint",
]
