"""Webhook events at work: each only says what to fetch afresh."""

import json

from django.db import transaction

from marketplace.core import clock, tracing
from marketplace.settlement import (
    attempts,
    authorisations,
    calls,
    card_pages,
    disputes,
    ledger,
    payout_accounts,
    releases,
    tasks,
    work,
)
from marketplace.settlement.gateway import Done, Result, Unknown
from marketplace.settlement.models import Authorisation, Obligation, PayoutAccount, Reconciliation, WebhookEvent

State = Authorisation.State
MOVED_ELSEWHERE = ("charge.refunded", "transfer.reversed")
AT_REST = (State.REFUSED, State.CAPTURED, State.RELEASED)


def sweep_events() -> int:
    """Fetch what events are about and take over what Stripe says now."""
    claimed = work.claim(WebhookEvent.objects.filter(handled_at=None))
    asking = [event for event in claimed if _tells(event)]
    for event, result in work.as_answered(_fetch, asking):
        with tracing.caused_by(event.caused_by), transaction.atomic():
            _note(event, result)
    _handled(*(event for event in claimed if event not in asking))
    return len(claimed)


def _tells(event: WebhookEvent) -> bool:
    """Whether a fetch can tell anything: not of what is not ours, nor of a hold that came to rest."""
    if not _is_of_our_account(event):
        return False
    if event.kind in MOVED_ELSEWHERE:
        _compare_soon(event.object_id)
        return False
    if event.kind.startswith(("charge.dispute.", "setup_intent.")):
        return True
    if event.kind == "account.updated":
        return PayoutAccount.objects.filter(stripe_account=event.object_id).exists()
    if event.kind.startswith("payment_intent."):
        return not Authorisation.objects.filter(payment_intent=event.object_id, state__in=AT_REST).exists()
    return False


def _is_of_our_account(event: WebhookEvent) -> bool:
    """Stripe names the connected account whose event it is: of those, only what they say of themselves concerns us."""
    account = json.loads(event.body).get("account")
    return account == event.object_id if event.kind == "account.updated" else account is None


def _compare_soon(stripe_id: str) -> None:
    """Somebody gave money back, perhaps in Stripe's own dashboard: the books are held against each other now."""
    journals = Obligation.objects.filter(stripe_id=stripe_id).values("journal")
    Reconciliation.objects.filter(journal__in=journals).update(due_at=clock.now())


def _fetch(event: WebhookEvent) -> Result:
    with tracing.caused_by(event.caused_by):
        return _fetched(event)


def _fetched(event: WebhookEvent) -> Result:
    if event.kind.startswith("charge.dispute."):
        return calls.fetch_dispute(event.object_id)
    if event.kind.startswith("setup_intent."):
        return calls.fetch_setup(event.object_id)
    if event.kind == "account.updated":
        return calls.fetch_account(event.object_id)
    return calls.fetch_intent(event.object_id)


def _note(event: WebhookEvent, result: Result) -> None:
    if isinstance(result, Unknown):
        WebhookEvent.objects.filter(pk=event.pk).update(tries=event.tries + 1, due_at=work.again_at(event.tries))
        return
    if isinstance(result, Done) and event.kind == "account.updated":
        payout_accounts.note_account(PayoutAccount.objects.get(stripe_account=event.object_id), result.object)
    elif isinstance(result, Done) and event.kind.startswith("setup_intent."):
        card_pages.note_setup(result.object)
    elif isinstance(result, Done) and event.kind.startswith("charge.dispute."):
        disputes.note_dispute(result.object)
    elif isinstance(result, Done):
        take_over(result)
    _handled(event)


def _handled(*events: WebhookEvent) -> None:
    rows = WebhookEvent.objects.filter(pk__in=[event.pk for event in events], handled_at=None)
    rows.update(handled_at=clock.now(), due_at=None)


@transaction.atomic
def take_over(result: Done) -> None:
    """Bring our row to where its payment is; what is only a repeat changes nothing.

    Only the payment that we made for it counts: one that merely names it is nobody's.
    """
    names = result.object.get("metadata") or {}
    if names.get("obligation"):  # of a charge: whoever waits for its answer looks at once
        waiting = Obligation.objects.filter(ref=names["obligation"], state=Obligation.State.UNKNOWN, tries__gt=0)
        waiting.update(due_at=clock.now())
        return
    ref = names.get("authorisation", "")
    row = Authorisation.objects.filter(ref=ref).first()
    if row is None:
        return
    journal = ledger.lock(row.journal_id)
    row.refresh_from_db()
    if row.payment_intent not in ("", result.object["id"]):
        tasks.open_task(subject=row.ref, code="second_payment", detail=f"Stripe has {result.object['id']} too")
        return
    if (result.object["amount"], result.object["currency"]) != (row.amount_minor, row.currency.lower()):
        detail = f"{result.object['id']}: {result.object['amount']} {result.object['currency']}"
        tasks.open_task(subject=row.ref, code="another_amount", detail=f"{detail}, not what was asked for")
        return
    status = result.object["status"]
    if status == "requires_capture" and row.state in authorisations.UNASKED:
        attempts.settle(row.ref, authorisations.HOLD.verb, result)
        authorisations.note_answers(journal, [(row, result)])
    elif status == "canceled" and row.state == State.AUTHORISED:
        attempts.settle(row.ref, releases.RELEASE.verb, result)
        releases.note_releases(journal, [(row, result)])
    elif status == "succeeded":
        lost = Obligation.objects.filter(authorisation=row, state=Obligation.State.UNKNOWN, tries__gt=0)
        lost.update(due_at=clock.now())
