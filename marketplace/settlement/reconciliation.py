"""Reconciliation: every market's books are held against Stripe's, again and again, and what differs becomes a task."""

from datetime import timedelta

from django.db.models import F

from marketplace.core import clock
from marketplace.core.limits import SWEEP_BATCH
from marketplace.settlement import books, calls, events, tasks
from marketplace.settlement.gateway import Done
from marketplace.settlement.models import Authorisation, Journal, Obligation, Reconciliation, Task

OFTEN, SELDOM = timedelta(minutes=15), timedelta(hours=24)
STUCK = 10  # tries without a clear answer, after which a person is told
PREFIX = "books_"
MOVING = (Obligation.State.PENDING, Obligation.State.UNKNOWN)
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
    for each in books.differences(journal):
        if each.code == "held_differs":
            _take_over(each.subject)
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
    """Often while money moves or is held, once more after a day, then no more until the books change."""
    journal = Journal.objects.get(pk=row.journal_id)
    moving = Obligation.objects.filter(journal=journal, state__in=MOVING).exists()
    held = Authorisation.objects.filter(journal=journal, state__in=HELD).exists()
    quiet = journal.head_seq == row.head_seq
    due_at = clock.now() + (OFTEN if moving or held else SELDOM)
    at_rest = quiet and not moving and not held
    Reconciliation.objects.filter(pk=row.pk).update(head_seq=journal.head_seq, due_at=None if at_rest else due_at)


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
