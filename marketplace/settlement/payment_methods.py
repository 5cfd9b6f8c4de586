"""How principals pay: cards, named by their token at Stripe, or filled in by their owner on a hosted page."""

import re
from datetime import datetime
from typing import Any

from django.db.models import F

from marketplace.agents.models import Principal
from marketplace.core import clock
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.settlement import answers, attempts, calls
from marketplace.settlement.gateway import Absent, Declined, Done, Result, Unknown
from marketplace.settlement.models import PaymentMethod

PURSE = re.compile(r"[A-Za-z0-9_-]{1,64}")
TOKEN = re.compile(r"pm_[A-Za-z0-9_]{1,60}")
State = PaymentMethod.State


def add_payment_method(*, principal: Principal, token: str, purse: str = "") -> PaymentMethod:
    """Attach a card to the principal's customer at Stripe; the same card again gives the same row.

    `purse` labels it, anew where it had another label; rules of mandates choose by it.
    """
    check_purse(purse)
    method = _begin_method(principal, token)
    if purse:
        PaymentMethod.objects.filter(pk=method.pk).update(purse=purse)
        method.purse = purse
    if method.state == State.ACTIVE:
        return method
    method.stripe_customer = customer_of(method)
    result = _attach(method)
    if isinstance(result, Declined):
        PaymentMethod.objects.filter(pk=method.pk, state=State.PENDING).update(state=State.REMOVED)
        raise _declined(result)
    attached = done(result)
    note_saved(method, attached)
    return method


def _attach(method: PaymentMethod) -> Result:
    owner = method.stripe_customer

    def look(since: datetime) -> Result:
        fetched = calls.fetch_payment_method(method.token)
        if isinstance(fetched, Unknown):
            return fetched
        mine = isinstance(fetched, Done) and fetched.object.get("customer") == owner
        return fetched if mine else Absent()

    return attempts.one_call(
        subject=method.ref,
        verb="attach",
        key=f"{method.ref}:{method.attempt}:attach",
        send=lambda key: calls.attach_payment_method(token=method.token, customer=owner, key=key),
        look=look,
    )


def note_saved(method: PaymentMethod, attached: dict[str, Any]) -> None:
    """Take over what Stripe says of the card; from now on it can be charged."""
    method.stripe_payment_method, method.label, method.state = attached["id"], _label(attached), State.ACTIVE
    method.fingerprint = (attached.get("card") or {}).get("fingerprint") or ""
    method.save(update_fields=["stripe_customer", "stripe_payment_method", "label", "fingerprint", "state"])


def check_purse(purse: str) -> None:
    """Refuse a label that rules of mandates could not name."""
    if purse and not PURSE.fullmatch(purse):
        raise Refusal(422, "purse_invalid", "A purse has 1 to 64 of A-Z a-z 0-9 _ -.", "Shorten its name.", "/purse")


def _begin_method(principal: Principal, token: str) -> PaymentMethod:
    """The row, stored before any call; what Stripe refused before is a new attempt with new keys."""
    if not TOKEN.fullmatch(token):
        raise _no_such_method()
    method, _ = PaymentMethod.objects.get_or_create(
        principal=principal, token=token, defaults={"ref": new_ref("pmt"), "created_at": clock.now()}
    )
    again = PaymentMethod.objects.filter(pk=method.pk, state=State.REMOVED)
    if again.update(state=State.PENDING, attempt=F("attempt") + 1):
        method.refresh_from_db()
    return method


def _no_such_method() -> Refusal:
    fix = "Send one of Stripe's payment methods, such as pm_card_visa."
    return Refusal(422, "payment_method_invalid", "This names no payment method.", fix, "/payment_method")


def customer_of(method: PaymentMethod) -> str:
    """The principal's one customer at Stripe, made with its first payment method."""
    known = PaymentMethod.objects.filter(principal_id=method.principal_id).exclude(stripe_customer="").first()
    if known is not None:
        return known.stripe_customer
    ref = method.principal.ref
    result = attempts.one_call(
        subject=ref,
        verb="customer",
        key=f"{ref}:customer",
        send=lambda key: calls.create_customer(metadata={"walras": ref}, key=key),
        look=lambda since: answers.made_for(ref, calls.list_customers(since=since), "walras"),
    )
    made = done(result)
    PaymentMethod.objects.filter(pk=method.pk).update(stripe_customer=made["id"])
    return str(made["id"])


def done(result: Result) -> dict[str, Any]:
    """What Stripe answered; without a clear answer the caller shall repeat, which is safe."""
    if isinstance(result, Done):
        return result.object
    raise Refusal(
        503,
        "payment_gateway_unavailable",
        f"Stripe gave no clear answer: {result.reason if isinstance(result, Unknown) else result}",
        "Repeat the same call in a few seconds; nothing is done twice.",
    )


def _label(attached: dict[str, Any]) -> str:
    card = attached.get("card") or {}
    return f"{card.get('brand', 'card')} •••• {card.get('last4', '????')}"


def _declined(result: Declined) -> Refusal:
    if result.code == "resource_missing":
        return _no_such_method()
    if result.code == "payment_method_unexpected_state":
        return Refusal(
            403,
            "payment_method_of_another",
            "This payment method belongs to somebody else, or was taken away.",
            "Have your person save a card of its own: POST payment-methods/ without payment_method gives the page.",
            "/payment_method",
        )
    return Refusal(
        402,
        "payment_method_declined",
        f"The card was declined: {result.detail}",
        "Use another card.",
        extra={"decline_code": result.code},
    )
