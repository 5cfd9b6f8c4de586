"""Reconciliation: every market's books are held against Stripe's, again and again, and what differs becomes a task."""

from datetime import timedelta

from django.db.models import F, QuerySet

from marketplace.core import clock
from marketplace.core.limits import SWEEP_BATCH
from marketplace.settlement import books, calls, disputes, events, payout_accounts, tasks
from marketplace.settlement.gateway import Done
from marketplace.settlement.models import (
    Authorisation,
    Dispute,
    Journal,
    Obligation,
    PayoutAccount,
    Reconciliation,
    Task,
)

OFTEN, SELDOM = timedelta(minutes=15), timedelta(hours=24)
STUCK = 10  # tries without a clear answer, after which a person is told
PREFIX = "books_"
MOVING = (Obligation.State.PENDING, Obligation.State.UNKNOWN)
ENABLED = PayoutAccount.State.ENABLED
HELD = (Authorisation.State.PENDING, Authorisation.State.UNKNOWN, Authorisation.State.AUTHORISED)


def sweep_books() -> int:
    """Compare what is due; how many journals were."""
    at = clock.now()
    _begin(at)
    due = Reconciliation.objects.select_related("journal").filter(due_at__lte=at).order_by("due_at")
    mine = [row for row in due[:SWEEP_BATCH] if _claim(row, at)]
    for row in mine:
        reconcile(journal=row.journal)
        _next(row)
    return len(mine)


def reconcile(*, journal: Journal) -> list[books.Difference]:
    """Compare one journal now: what Stripe let go is taken over, what differs is a task, what agrees again is none."""
    _look_at_sellers(journal)
    disputes.look_at_open(journal=journal)
    for each in books.differences(journal):
        if each.code == "held_differs":
            _take_over(each.subject)
        elif each.code == "dispute_unknown":
            disputes.look_at_charge(charge=each.detail)
    found = books.differences(journal)
    for each in found:
        tasks.open_task(subject=each.subject, code=(PREFIX + each.code)[:40], detail=f"{journal.name}: {each.detail}")
    told = Task.objects.filter(code__startswith=PREFIX, detail__startswith=f"{journal.name}: ")
    tasks.close_tasks(told.exclude(subject__in=[each.subject for each in found]))
    _tell_stuck(journal)
    return found


def _begin(at: object) -> None:
    """Journals that were never compared, and those that have moved since."""
    new = Journal.objects.filter(reconciliation=None)[:SWEEP_BATCH]
    rows = [Reconciliation(journal=journal, due_at=clock.now() + OFTEN) for journal in new]
    Reconciliation.objects.bulk_create(rows, ignore_conflicts=True)
    moved = Reconciliation.objects.filter(due_at=None, journal__head_seq__gt=F("head_seq"))
    Reconciliation.objects.filter(pk__in=moved.values("pk")).update(due_at=at)


def _claim(row: Reconciliation, at: object) -> bool:
    mine = Reconciliation.objects.filter(pk=row.pk, due_at=row.due_at)
    return mine.update(due_at=clock.now() + OFTEN, looked_at=at) == 1


def _next(row: Reconciliation) -> None:
    """Often while money moves or is held, once more after a day, then no more until the books change.

    While something is held for a seller it goes on: often if the account is to change, daily if Stripe declined;
    daily too while a bank decides on a dispute.
    """
    journal = Journal.objects.get(pk=row.journal_id)
    moving = Obligation.objects.filter(journal=journal, state__in=MOVING).exists()
    held = Authorisation.objects.filter(journal=journal, state__in=HELD).exists()
    waiting = _waiting(journal)
    often = moving or held or waiting.exclude(principal__payout_account__state=ENABLED).exists()
    open_ones = Dispute.objects.filter(obligation__journal=journal, state=Dispute.State.OPEN)
    at_rest = journal.head_seq == row.head_seq and not (often or waiting.exists() or open_ones.exists())
    due_at = None if at_rest else clock.now() + (OFTEN if often else SELDOM)
    Reconciliation.objects.filter(pk=row.pk).update(head_seq=journal.head_seq, due_at=due_at)


def _waiting(journal: Journal) -> QuerySet[Obligation]:
    """Payouts of this journal that are held for their sellers."""
    return Obligation.objects.filter(journal=journal, state=Obligation.State.HELD_FOR_SELLER)


def _look_at_sellers(journal: Journal) -> None:
    """An account whose event never came: what is held for its owner would wait for ever."""
    owners = _waiting(journal).values("principal")
    for account in PayoutAccount.objects.filter(principal__in=owners).select_related("principal"):
        payout_accounts.look_at_account(account=account)


def _take_over(ref: str) -> None:
    """A hold of which Stripe says something else: as if its event had come."""
    hold = Authorisation.objects.filter(ref=ref).exclude(payment_intent="").first()
    if hold is not None and isinstance(result := calls.fetch_intent(hold.payment_intent), Done):
        events.take_over(result)


def _tell_stuck(journal: Journal) -> None:
    for row in Obligation.objects.filter(journal=journal, state__in=MOVING, tries__gte=STUCK):
        tasks.open_task(subject=row.ref, code="no_clear_answer", detail=f"{row.tries} tries: {row.last_error}")
    for hold in Authorisation.objects.filter(journal=journal, state__in=HELD, tries__gte=STUCK):
        tasks.open_task(subject=hold.ref, code="no_clear_answer", detail=f"{hold.tries} tries")
