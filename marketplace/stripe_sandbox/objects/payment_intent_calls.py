"""The calls on PaymentIntents."""

from marketplace.stripe_sandbox.amounts import check_charge, check_currency
from marketplace.stripe_sandbox.call import Call
from marketplace.stripe_sandbox.clock import now
from marketplace.stripe_sandbox.errors import Body, Refusal, bad_parameter, wrong_state
from marketplace.stripe_sandbox.objects.base import list_of
from marketplace.stripe_sandbox.objects.charge import AUTHORISED_SECONDS, Charge
from marketplace.stripe_sandbox.objects.payment_intent import OPEN, PaymentIntent


def _may_redirect(params: Body) -> bool:
    """Unless it is told otherwise, Stripe offers whatever the dashboard allows."""
    allowed, automatic = params.get("allowed_payment_method_types"), params.get("automatic_payment_methods")
    if allowed and automatic:
        raise bad_parameter(
            "You may only specify one of these parameters: allowed_payment_method_types, automatic_payment_methods.",
            "allowed_payment_method_types",
        )
    if allowed and "card" not in allowed:
        raise bad_parameter("The sandbox has cards only.", "allowed_payment_method_types")
    automatic = automatic or {"enabled": not allowed}
    return automatic["enabled"] and automatic.get("allow_redirects") != "never"


def create(call: Call) -> PaymentIntent | Refusal:
    params = call.params
    currency = check_currency(params["currency"])
    if not params.get("confirm") and (only := {"off_session", "return_url"} & params.keys()):
        raise bad_parameter(f"`{min(only)}` may only be given when `confirm` is true.", min(only))
    intent = PaymentIntent.make(
        {},
        amount=check_charge(params["amount"], currency),
        currency=currency,
        status="requires_payment_method",
        capture_method="automatic_async",
        redirects=_may_redirect(params),
    )
    intent.accept(params)
    call.emit("payment_intent.created", intent)
    return intent.confirm(params, call) if params.get("confirm") else intent.put()


def retrieve(call: Call) -> PaymentIntent:
    return call.own(PaymentIntent, "intent")


def update(call: Call) -> PaymentIntent:
    intent = call.own(PaymentIntent, "intent")
    params = call.params
    if intent.status not in OPEN and params.keys() & {"amount", "currency", "customer", "payment_method"}:
        raise intent.refuse(f"This PaymentIntent could not be updated because it has a status of {intent.status}.")
    intent.currency = check_currency(params.get("currency") or intent.currency)
    intent.amount = check_charge(params.get("amount") or intent.amount, intent.currency)
    intent.accept(params)
    intent.put()
    return intent


def confirm(call: Call) -> PaymentIntent | Refusal:
    intent = call.own(PaymentIntent, "intent")
    if intent.status in OPEN:
        intent.accept(call.params)
    return intent.confirm(call.params, call)


def capture(call: Call) -> PaymentIntent:
    intent = call.own(PaymentIntent, "intent")
    if intent.status != "requires_capture":
        raise intent.refuse(
            f"This PaymentIntent could not be captured because it has a status of {intent.status}. "
            "Only a PaymentIntent with one of the following statuses may be captured: requires_capture."
        )
    amount = check_charge(call.params.get("amount_to_capture", intent.amount), intent.currency, "amount_to_capture")
    if amount > intent.amount_capturable:
        raise wrong_state(
            f"The remaining amount on this PaymentIntent that can be captured is {intent.amount_capturable}.",
            "amount_too_large",
            param="amount_to_capture",
        )
    intent.take(call.params)
    charge = Charge.find(intent.latest_charge, "latest_charge")
    intent.receive(charge, amount, call)
    call.emit("charge.captured", charge)
    return intent


def cancel(call: Call) -> PaymentIntent:
    intent: PaymentIntent = call.own(PaymentIntent, "intent")
    if intent.status not in (*OPEN, "requires_capture"):
        raise intent.refuse(f"You cannot cancel this PaymentIntent because it has a status of {intent.status}.")
    intent.cancel(call.params.get("cancellation_reason"), call)
    return intent


def expire(call: Call) -> int:
    """What a week has gone by without a capture is let go; how many."""
    old = PaymentIntent.objects.filter(status="requires_capture", created__lte=now() - AUTHORISED_SECONDS)
    rows = list(old)
    for intent in rows:
        intent.cancel("automatic", call)
    return len(rows)


def index(call: Call) -> Body:
    return list_of(call, PaymentIntent.objects.all(), "customer")
