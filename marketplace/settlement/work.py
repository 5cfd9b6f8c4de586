"""How sweeps work: claim due rows, ask Stripe about them side by side, write the answers down."""

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connections, transaction
from django.db.models import QuerySet

from marketplace.core import clock
from marketplace.core.limits import SWEEP_BATCH
from marketplace.settlement import ledger
from marketplace.settlement.gateway import Result
from marketplace.settlement.models import Authorisation, Journal, Obligation, WebhookEvent

Row = TypeVar("Row", Authorisation, Obligation, WebhookEvent)
Money = TypeVar("Money", Authorisation, Obligation)

THREADS = 8  # calls to Stripe at one time
LEASE = timedelta(minutes=5)  # longer than a batch can take; after it another worker may repeat, under the same keys
GRACE = timedelta(seconds=5)  # what the caller of `authorise` has before a sweep does it instead
FIRST_DELAY, LONGEST_DELAY = 0.5, 60.0  # seconds between repeats of a call that gave no clear answer


def claim(rows: QuerySet[Row], **changes: Any) -> list[Row]:
    """Take up to a batch of due rows for this worker alone; a claim moves `due_at`, so a dead worker's come back."""
    now = clock.now()
    with transaction.atomic():
        due = rows.filter(due_at__lte=now).order_by("due_at", "pk")
        found = list(due.select_for_update(skip_locked=True, of=("self",))[:SWEEP_BATCH])
        return [row for row in found if _take(row, now + LEASE, changes)]


def _take(row: Row, until: datetime, changes: dict[str, Any]) -> bool:
    return type(row).objects.filter(pk=row.pk, due_at=row.due_at).update(due_at=until, **changes) == 1


def again_at(tries: int) -> datetime:
    """When to repeat after so many tries: later each time, and never all at once."""
    delay = min(FIRST_DELAY * 2 ** min(tries, 16), LONGEST_DELAY)
    return clock.now() + timedelta(seconds=delay * random.uniform(0.5, 1.0))


def side_by_side(ask: Callable[[Row], Result], rows: list[Row]) -> list[Result]:
    """Ask Stripe about each row on a few threads; answers come in the rows' order."""
    if len(rows) < 2:
        return [ask(row) for row in rows]
    answers: dict[int, Result] = {}
    queue = iter(rows)
    with ThreadPoolExecutor(min(THREADS, len(rows)), thread_name_prefix="stripe") as pool:
        for done in [pool.submit(_drain, queue, ask, answers) for _ in range(min(THREADS, len(rows)))]:
            done.result()
    return [answers[row.pk] for row in rows]


def _drain(queue: Iterator[Row], ask: Callable[[Row], Result], answers: dict[int, Result]) -> None:
    """One thread's part; a list's iterator hands each row out once, whichever thread asks."""
    try:
        for row in queue:
            answers[row.pk] = ask(row)
    finally:
        connections.close_all()  # the in-process sandbox opens one per thread


def carry_out(rows: list[Money], ask: Callable[[Money], Result], note: Callable[[Journal, Money, Result], None]) -> int:
    """Ask Stripe about claimed rows, then note the answers, one transaction for each journal, under its lock."""
    for journal_id, pairs in _by_journal(zip(rows, side_by_side(ask, rows), strict=True)):
        with transaction.atomic():
            journal = ledger.lock(journal_id)
            for row, result in pairs:
                note(journal, row, result)
    return len(rows)


def _by_journal(answered: Iterable[tuple[Money, Result]]) -> list[tuple[int, list[tuple[Money, Result]]]]:
    groups: dict[int, list[tuple[Money, Result]]] = {}
    for row, result in answered:
        groups.setdefault(row.journal_id, []).append((row, result))
    return sorted(groups.items())
