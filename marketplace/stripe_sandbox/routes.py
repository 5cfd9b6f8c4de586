"""Which call answers which path, with the SDK's name for its parameters."""

from collections.abc import Callable
from typing import NamedTuple

from marketplace.stripe_sandbox.call import Call, Result
from marketplace.stripe_sandbox.errors import Refusal
from marketplace.stripe_sandbox.objects import (
    account,
    account_link,
    balance,
    charge,
    checkout_session,
    customer,
    dispute,
    event,
    payment_method,
    refund,
    search,
    setup_intent,
    transfer,
    webhook_endpoint,
)
from marketplace.stripe_sandbox.objects import (
    payment_intent_calls as intents,
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
SETUP = WAYS_TO_PAY - {"amount_to_confirm"} | frozenset(
    {"attach_to_self", "on_behalf_of", "single_use", "use_stripe_sdk", "allowed_payment_method_types"}
)
PAGES = frozenset({"page"})
CHECKOUT = frozenset(
    {"line_items", "payment_intent_data", "subscription_data", "customer_creation", "customer_email", "ui_mode"}
    | {"return_url", "expires_at", "payment_method_options", "discounts", "customer_account"}
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
    ("POST", "payment_intents"): Route(intents.create, "PaymentIntentCreateParams", SPLIT | WAYS_TO_PAY),
    ("GET", "payment_intents"): Route(intents.index, "PaymentIntentListParams"),
    ("GET", "payment_intents", "*"): Route(intents.retrieve, "PaymentIntentRetrieveParams"),
    ("POST", "payment_intents", "*"): Route(intents.update, "PaymentIntentUpdateParams", SPLIT | WAYS_TO_PAY),
    ("POST", "payment_intents", "*", "confirm"): Route(
        intents.confirm, "PaymentIntentConfirmParams", SPLIT | WAYS_TO_PAY
    ),
    ("POST", "payment_intents", "*", "capture"): Route(
        intents.capture, "PaymentIntentCaptureParams", SPLIT | {"final_capture"}
    ),
    ("POST", "payment_intents", "*", "cancel"): Route(intents.cancel, "PaymentIntentCancelParams"),
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
    ("POST", "account_links"): Route(account_link.create, "AccountLinkCreateParams", frozenset({"collection_options"})),
    ("POST", "checkout/sessions"): Route(checkout_session.create, "checkout.SessionCreateParams", CHECKOUT),
    ("GET", "checkout/sessions"): Route(checkout_session.index, "checkout.SessionListParams"),
    ("GET", "checkout/sessions", "*"): Route(checkout_session.retrieve, "checkout.SessionRetrieveParams"),
    ("POST", "checkout/sessions", "*", "expire"): Route(checkout_session.expire, "checkout.SessionExpireParams"),
    ("POST", "transfers"): Route(transfer.create, "TransferCreateParams"),
    ("GET", "transfers"): Route(transfer.index, "TransferListParams"),
    ("GET", "transfers", "*"): Route(transfer.retrieve, "TransferRetrieveParams"),
    ("POST", "transfers", "*"): Route(transfer.update, "TransferUpdateParams"),
    ("POST", "transfers", "*", "reversals"): Route(
        transfer.reverse, "TransferReversalCreateParams", frozenset({"refund_application_fee"})
    ),
    ("GET", "transfers", "*", "reversals"): Route(transfer.index_reversals, "TransferReversalListParams"),
    ("GET", "transfers", "*", "reversals", "*"): Route(transfer.retrieve_reversal, "TransferReversalRetrieveParams"),
    ("POST", "setup_intents"): Route(setup_intent.create, "SetupIntentCreateParams", SETUP),
    ("GET", "setup_intents"): Route(setup_intent.index, "SetupIntentListParams", frozenset({"attach_to_self"})),
    ("GET", "setup_intents", "*"): Route(setup_intent.retrieve, "SetupIntentRetrieveParams"),
    ("POST", "setup_intents", "*"): Route(setup_intent.update, "SetupIntentUpdateParams", SETUP),
    ("POST", "setup_intents", "*", "confirm"): Route(setup_intent.confirm, "SetupIntentConfirmParams", SETUP),
    ("POST", "setup_intents", "*", "cancel"): Route(setup_intent.cancel, "SetupIntentCancelParams"),
    ("GET", "disputes"): Route(dispute.index, "DisputeListParams"),
    ("GET", "disputes", "*"): Route(dispute.retrieve, "DisputeRetrieveParams"),
    ("POST", "disputes", "*"): Route(dispute.update, "DisputeUpdateParams"),
    ("POST", "disputes", "*", "close"): Route(dispute.close, "DisputeCloseParams"),
    ("GET", "balance_transactions"): Route(balance.lines, "BalanceTransactionListParams", frozenset({"payout"})),
    ("GET", "balance_transactions", "*"): Route(balance.retrieve_line, "BalanceTransactionRetrieveParams"),
    ("GET", "payment_intents", "search"): Route(search.payment_intents, "PaymentIntentSearchParams", PAGES),
    ("GET", "charges", "search"): Route(search.charges, "ChargeSearchParams", PAGES),
    ("GET", "customers", "search"): Route(search.customers, "CustomerSearchParams", PAGES),
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
    version, *parts = path.strip("/").replace("/checkout/sessions", "/checkout%sessions", 1).split("/")
    parts = [part.replace("%", "/") for part in parts]
    pattern = tuple("*" if place % 2 else part for place, part in enumerate(parts))
    if len(parts) == 2 and parts[1] == "search":
        pattern, parts = (parts[0], "search"), parts[:1]
    route = ROUTES.get((method, *pattern)) if version == "v1" else None
    if route is None:
        raise Refusal(f"Unrecognized request URL ({method}: {path[:200]}).", status=404)
    return route, tuple(parts[1::2])
