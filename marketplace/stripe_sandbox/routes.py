"""Which call answers which path, with the SDK's name for its parameters."""

from collections.abc import Callable
from typing import NamedTuple

from marketplace.stripe_sandbox.call import Call, Result
from marketplace.stripe_sandbox.errors import Refusal
from marketplace.stripe_sandbox.objects import (
    account,
    balance,
    charge,
    customer,
    event,
    payment_intent,
    payment_method,
    refund,
    transfer,
    webhook_endpoint,
)

Handler = Callable[[Call], Result]


class Route(NamedTuple):
    """`params` names a TypedDict of `stripe.params`; `unbuilt` lists what it declares and we refuse to pretend."""

    handler: Handler
    params: str
    unbuilt: frozenset[str] = frozenset()


SPLIT = frozenset({"application_fee_amount", "transfer_data", "on_behalf_of", "hooks"})
WAYS_TO_PAY = frozenset(
    {"confirmation_token", "payment_method_data", "payment_method_options", "mandate", "mandate_data"}
    | {"customer_account", "amount_to_confirm", "payment_method_configuration"}
    | {"excluded_payment_method_types"}
)

# The path's second and fourth parts are ids.
ROUTES = {
    ("POST", "customers"): Route(
        customer.create, "CustomerCreateParams", frozenset({"payment_method", "source", "test_clock"})
    ),
    ("GET", "customers"): Route(customer.index, "CustomerListParams"),
    ("GET", "customers", "*"): Route(customer.retrieve, "CustomerRetrieveParams"),
    ("POST", "customers", "*"): Route(customer.update, "CustomerUpdateParams", frozenset({"source"})),
    ("DELETE", "customers", "*"): Route(customer.delete, "CustomerDeleteParams"),
    ("GET", "customers", "*", "payment_methods"): Route(
        payment_method.index_of_customer, "CustomerPaymentMethodListParams"
    ),
    ("GET", "customers", "*", "payment_methods", "*"): Route(
        payment_method.retrieve_of_customer, "CustomerPaymentMethodRetrieveParams"
    ),
    ("POST", "payment_methods"): Route(payment_method.create, "PaymentMethodCreateParams", frozenset({"customer"})),
    ("GET", "payment_methods"): Route(payment_method.index, "PaymentMethodListParams"),
    ("GET", "payment_methods", "*"): Route(payment_method.retrieve, "PaymentMethodRetrieveParams"),
    ("POST", "payment_methods", "*", "attach"): Route(
        payment_method.attach, "PaymentMethodAttachParams", frozenset({"customer_account"})
    ),
    ("POST", "payment_methods", "*", "detach"): Route(payment_method.detach, "PaymentMethodDetachParams"),
    ("POST", "payment_intents"): Route(payment_intent.create, "PaymentIntentCreateParams", SPLIT | WAYS_TO_PAY),
    ("GET", "payment_intents"): Route(payment_intent.index, "PaymentIntentListParams"),
    ("GET", "payment_intents", "*"): Route(payment_intent.retrieve, "PaymentIntentRetrieveParams"),
    ("POST", "payment_intents", "*"): Route(payment_intent.update, "PaymentIntentUpdateParams", SPLIT | WAYS_TO_PAY),
    ("POST", "payment_intents", "*", "confirm"): Route(
        payment_intent.confirm, "PaymentIntentConfirmParams", SPLIT | WAYS_TO_PAY
    ),
    ("POST", "payment_intents", "*", "capture"): Route(
        payment_intent.capture, "PaymentIntentCaptureParams", SPLIT | {"final_capture"}
    ),
    ("POST", "payment_intents", "*", "cancel"): Route(payment_intent.cancel, "PaymentIntentCancelParams"),
    ("GET", "charges"): Route(charge.index, "ChargeListParams"),
    ("GET", "charges", "*"): Route(charge.retrieve, "ChargeRetrieveParams"),
    ("POST", "refunds"): Route(
        refund.create, "RefundCreateParams", frozenset({"reverse_transfer", "refund_application_fee", "origin"})
    ),
    ("GET", "refunds"): Route(refund.index, "RefundListParams"),
    ("GET", "refunds", "*"): Route(refund.retrieve, "RefundRetrieveParams"),
    ("POST", "accounts"): Route(account.create, "AccountCreateParams", frozenset({"account_token"})),
    ("GET", "accounts"): Route(account.index, "AccountListParams"),
    ("GET", "accounts", "*"): Route(account.retrieve, "AccountRetrieveParams"),
    ("POST", "accounts", "*"): Route(account.update, "AccountUpdateParams", frozenset({"account_token"})),
    ("DELETE", "accounts", "*"): Route(account.delete, "AccountDeleteParams"),
    ("POST", "transfers"): Route(transfer.create, "TransferCreateParams"),
    ("GET", "transfers"): Route(transfer.index, "TransferListParams"),
    ("GET", "transfers", "*"): Route(transfer.retrieve, "TransferRetrieveParams"),
    ("POST", "transfers", "*"): Route(transfer.update, "TransferUpdateParams"),
    ("GET", "balance"): Route(balance.retrieve, "BalanceRetrieveParams"),
    ("GET", "events"): Route(event.index, "EventListParams", frozenset({"delivery_success"})),
    ("GET", "events", "*"): Route(event.retrieve, "EventRetrieveParams"),
    ("POST", "webhook_endpoints"): Route(
        webhook_endpoint.create, "WebhookEndpointCreateParams", frozenset({"api_version", "connect"})
    ),
    ("GET", "webhook_endpoints"): Route(webhook_endpoint.index, "WebhookEndpointListParams"),
    ("GET", "webhook_endpoints", "*"): Route(webhook_endpoint.retrieve, "WebhookEndpointRetrieveParams"),
    ("POST", "webhook_endpoints", "*"): Route(webhook_endpoint.update, "WebhookEndpointUpdateParams"),
    ("DELETE", "webhook_endpoints", "*"): Route(webhook_endpoint.delete, "WebhookEndpointDeleteParams"),
}


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """The route of a path and the ids in it."""
    version, *parts = path.strip("/").split("/")
    pattern = tuple("*" if place % 2 else part for place, part in enumerate(parts))
    route = ROUTES.get((method, *pattern)) if version == "v1" else None
    if route is None:
        raise Refusal(f"Unrecognized request URL ({method}: {path[:200]}).", status=404)
    return route, tuple(parts[1::2])
