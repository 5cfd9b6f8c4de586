"""How sweeps work: claim due rows, store the calls' keys, ask Stripe side by side, write the answers down."""

import logging
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from queue import SimpleQueue
from threading import Lock
from typing import Any, Generic, TypeVar

from django.db import connections, transaction
from django.db.models import QuerySet

from marketplace.core import clock, tracing
from marketplace.core.batches import update_each
from marketplace.core.limits import CALL_BATCH
from marketplace.settlement import attempts, ledger
from marketplace.settlement.attempts import Money, Turn
from marketplace.settlement.gateway import Absent, Result, Unknown
from marketplace.settlement.models import Authorisation, Journal, Obligation, WebhookEvent

log = logging.getLogger(__name__)
Row = TypeVar("Row", Authorisation, Obligation, WebhookEvent)
Item = TypeVar("Item")

THREADS = 8  # calls to Stripe at one time
NOTED_TOGETHER = 50  # answers in one commit, while the next are still asked for
LEASE = timedelta(minutes=5)  # longer than a batch can take; after it another worker may repeat, under the same keys
GRACE = timedelta(seconds=5)  # what the caller of `authorise` has before a sweep does it instead
FIRST_DELAY, LONGEST_DELAY = 0.5, 25.0  # seconds between repeats; two of the longest are under a minute


@dataclass(frozen=True)
class Operation(Generic[Money]):
    """One kind of call to Stripe, as data: what is due, how it is sent, looked up and noted.

    `look` says what Stripe has of it, by id or by a consistent list, never by search: `Absent` where it has nothing.
    """

    verb: str
    rows: Callable[[], QuerySet[Money]]
    send: Callable[[Money, str], Result]
    look: Callable[[Money], Result]
    note: Callable[[Journal, Sequence[tuple[Money, Result]]], None]
    after: Callable[[Journal, list[Money]], None] | None = None
    claims: tuple[tuple[str, str], ...] = ()  # what the claim writes besides: the state says `unknown` before the call


def sweep(operation: Operation[Money]) -> int:
    """Do what is due of one kind; how many rows were looked at."""
    return carry_out(operation, take(operation, operation.rows()))


def take(operation: Operation[Money], rows: QuerySet[Money], *, due_only: bool = True) -> list[Turn[Money]]:
    """Claim rows for one operation and store its keys, in one commit: before any call there is a trace of it."""
    with transaction.atomic():
        claimed = claim(rows, due_only=due_only, **dict(operation.claims))
        return attempts.begin(claimed, operation.verb, LEASE) if claimed else []


def claim(rows: QuerySet[Row], *, due_only: bool = True, **changes: Any) -> list[Row]:
    """Take up to a batch of due rows for this worker alone; a claim moves `due_at`, so a dead worker's come back."""
    now = clock.now()
    with transaction.atomic():
        due = rows.filter(due_at__lte=now) if due_only else rows
        found = list(due.order_by("due_at", "pk").select_for_update(skip_locked=True, of=("self",))[:CALL_BATCH])
        unclaimed = rows.model._default_manager.filter(due_at__in={row.due_at for row in found})
        mine = update_each(unclaimed, {row.pk: () for row in found}, due_at=now + LEASE, **changes)
        return [row for row in found if row.pk in mine]


def again_at(tries: int, longest: float = LONGEST_DELAY) -> datetime:
    """When to repeat after so many tries: later each time, and never all at once."""
    delay = min(FIRST_DELAY * 2 ** min(tries, 16), longest)
    return clock.now() + timedelta(seconds=delay * random.uniform(0.5, 1.0))


def as_answered(ask: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[Item, Result]]:
    """Ask Stripe about each item on a few threads; what is answered comes at once, while others are still asked."""
    threads = min(THREADS, len(items))
    if threads < 2:
        yield from ((item, ask(item)) for item in items)
        return
    waiting, answered = iter(items), SimpleQueue[tuple[Item, Result] | None]()
    lock = Lock()

    def drain() -> None:
        try:
            while (item := _next(waiting, lock)) is not None:
                answered.put((item, ask(item)))
        finally:
            connections.close_all()  # the in-process sandbox opens one per thread
            answered.put(None)

    with ThreadPoolExecutor(threads, thread_name_prefix="stripe") as pool:
        drains = [pool.submit(copy_context().run, drain) for _ in range(threads)]
        ended = 0
        while ended < threads:
            pair = answered.get()
            if pair is None:
                ended += 1
            else:
                yield pair
        for each in drains:
            each.result()


def _next(waiting: Iterator[Item], lock: Lock) -> Item | None:
    with lock:
        return next(waiting, None)


def ask(operation: Operation[Money], turn: Turn[Money]) -> Result:
    """Look first where Stripe may have been asked before; send only under a key that Stripe still knows.

    `Absent` comes back only where no call of this attempt can take effect any more: Stripe replays a saved failure
    under the key, or has forgotten the key and none was sent lately.
    """
    with tracing.caused_by(turn.row.caused_by):
        return _ask(operation, turn)


def _ask(operation: Operation[Money], turn: Turn[Money]) -> Result:
    if turn.repeat:
        found = operation.look(turn.row)
        if not isinstance(found, Absent):
            return found
        if not turn.young:
            return found if attempts.is_quiet(turn.attempt, clock.now()) else Unknown("an old call may still arrive")
    if turn.late:
        return Unknown("the claim ran out before the call")
    result = operation.send(turn.row, turn.attempt.key)
    return operation.look(turn.row) if isinstance(result, Unknown) and result.replayed else result


def carry_out(operation: Operation[Money], turns: list[Turn[Money]]) -> int:
    """Ask Stripe; note the answers while others are still asked, one transaction for each journal, under its lock.

    A journal whose answers cannot be noted does not keep the others waiting; its rows come back with their lease.
    """
    failed: list[Exception] = []
    answers = as_answered(lambda turn: ask(operation, turn), turns)
    while answered := list(islice(answers, NOTED_TOGETHER)):
        for journal_id, group in _by_journal(answered):
            with tracing.caused_by(group[0][0].row.caused_by):
                try:
                    _note(operation, journal_id, group)
                except Exception as error:
                    log.exception("journal %s: answers of %s could not be noted", journal_id, operation.verb)
                    failed.append(error)
    if failed:
        raise failed[0]
    return len(turns)


@transaction.atomic
def _note(operation: Operation[Money], journal_id: int, answered: list[tuple[Turn[Money], Result]]) -> None:
    journal = ledger.lock(journal_id)
    attempts.note(answered)
    operation.note(journal, [(turn.row, result) for turn, result in answered])
    if operation.after is not None:
        operation.after(journal, [turn.row for turn, _ in answered])


def _by_journal(
    answered: Iterable[tuple[Turn[Money], Result]],
) -> list[tuple[int, list[tuple[Turn[Money], Result]]]]:
    groups: dict[int, list[tuple[Turn[Money], Result]]] = {}
    for turn, result in answered:
        groups.setdefault(turn.row.journal_id, []).append((turn, result))
    return sorted(groups.items())
