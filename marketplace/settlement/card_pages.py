"""Hosted pages on which a person saves a card: opened here, followed by fetching, never by where the person returns."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from marketplace.agents.inbox import tell
from marketplace.agents.models import Principal
from marketplace.core import clock
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.settlement import attempts, calls
from marketplace.settlement.gateway import Absent, Done, Result
from marketplace.settlement.models import PaymentMethod
from marketplace.settlement.payment_methods import check_purse, customer_of, done, note_saved

State = PaymentMethod.State
OPEN = timedelta(hours=23)  # Stripe closes its page after a day
NEEDED = "payment_method_needed"


def open_card_page(*, principal: Principal, purse: str = "") -> PaymentMethod:
    """A payment method that waits for its person, with the address of the page; one that is open is given again."""
    check_purse(purse)
    since = clock.now() - OPEN
    waiting = PaymentMethod.objects.filter(principal=principal, state=State.PENDING, purse=purse, created_at__gt=since)
    method = waiting.exclude(page="").order_by("-pk").first()
    if method is not None:
        return method
    ref = new_ref("pmt")
    method = PaymentMethod.objects.create(
        ref=ref, principal=principal, token=ref, purse=purse, created_at=clock.now(), state=State.PENDING
    )
    method.stripe_customer = customer_of(method)
    made = done(_open_page(method))
    method.page, method.setup_intent = made["url"], made["setup_intent"]
    method.save(update_fields=["page", "setup_intent", "stripe_customer"])
    return method


def _open_page(method: PaymentMethod) -> Result:
    """Of two pages the one that the person fills in counts, so there is nothing to look for."""
    return attempts.one_call(
        subject=method.ref,
        verb="page",
        key=f"{method.ref}:{method.attempt}:page",
        send=lambda key: calls.open_card_page(
            customer=method.stripe_customer,
            return_url=f"{settings.PUBLIC_URL}/thanks/",
            metadata={"payment_method": method.ref},
            key=key,
        ),
        look=lambda since: Absent(),
    )


def follow_card(*, method: PaymentMethod) -> PaymentMethod:
    """Ask Stripe what has become of the page, outside any transaction."""
    if method.state == State.PENDING and method.setup_intent:
        fetched = calls.fetch_setup(method.setup_intent)
        if isinstance(fetched, Done):
            note_setup(fetched.object)
            method.refresh_from_db()
    return method


@transaction.atomic
def note_setup(intent: dict[str, Any]) -> None:
    """Take over a SetupIntent, with its payment method in full; who comes second changes nothing."""
    ref = (intent.get("metadata") or {}).get("payment_method", "")
    method = PaymentMethod.objects.filter(ref=ref).exclude(page="").select_related("principal").first()
    card = intent.get("payment_method")
    if method is None or intent["status"] != "succeeded" or not isinstance(card, dict):
        return
    if PaymentMethod.objects.filter(pk=method.pk, state=State.PENDING).update(state=State.ACTIVE) == 1:
        note_saved(method, card)
        for ref in method.principal.agents.filter(stopped_at=None).values_list("ref", flat=True):
            facts = {"payment_method": method.ref, "label": method.label}
            tell(agent_ref=ref, kind="card.saved", facts=facts)


def with_card_page(refusal: Refusal, *, principal_id: int) -> Refusal:
    """The same refusal; where it asks for a payment method, with the page on which the person can save one."""
    if refusal.code != NEEDED:
        return refusal
    try:
        method = open_card_page(principal=Principal.objects.get(pk=principal_id))
    except Refusal:  # Stripe cannot be reached: what was refused stays so, and the door gives the page later
        return refusal
    refusal.next = "Have your person open the page and save a card, then join again."
    refusal.extra = {"page": method.page, "payment_method": method.ref}
    return refusal
