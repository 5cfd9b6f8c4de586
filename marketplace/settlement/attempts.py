"""Attempts: the key of every call, stored before the call, and when a repeat is safe."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import F

from marketplace.core import clock
from marketplace.core.batches import insert_all, update_each
from marketplace.settlement.gateway import Absent, Declined, Done, Result, Unknown
from marketplace.settlement.models import Attempt, Authorisation, Obligation

Money = TypeVar("Money", bound=Authorisation | Obligation)
State = Attempt.State

KEY_LIFE = timedelta(hours=23)  # Stripe forgets a key after 24; a repeat after that would be a second payment
QUIET = timedelta(minutes=5)  # after which no call that was sent can still be on its way


@dataclass(frozen=True, slots=True)
class Turn(Generic[Money]):
    """A row in this worker's hands, and the key under which Stripe is asked about it."""

    row: Money
    attempt: Attempt
    repeat: bool  # Stripe may have been asked before: look first
    young: bool  # Stripe still knows the key
    until: float  # of time.monotonic(): past it the row may be in another worker's hands

    @property
    def late(self) -> bool:
        """Whether the claim may have run out: whoever slept so long makes no call."""
        return time.monotonic() > self.until


def begin(rows: Sequence[Money], verb: str, lease: timedelta) -> list[Turn[Money]]:
    """Store the key of each row's call; inside the transaction of the claim."""
    at, until = clock.now(), time.monotonic() + lease.total_seconds() / 2
    keys = {f"{row.ref}:{row.attempt}:{verb}": row for row in rows}
    known = {attempt.key: attempt for attempt in Attempt.objects.filter(key__in=keys)}
    fresh = [_fresh(key, row.ref, verb, at) for key, row in keys.items() if key not in known]
    insert_all(fresh, "key")
    young = [attempt.pk for attempt in known.values() if _is_young(attempt, at)]
    Attempt.objects.filter(pk__in=young).update(last_at=at, calls=F("calls") + 1, state=State.ASKED)
    made = {attempt.key: attempt for attempt in fresh}
    return [
        Turn(row, made.get(key) or known[key], key in known, key in made or _is_young(known[key], at), until)
        for key, row in keys.items()
    ]


def is_quiet(attempt: Attempt, at: datetime) -> bool:
    """Whether no call under this key can still be on its way."""
    return at - attempt.last_at > QUIET


def note(answered: Sequence[tuple[Turn[Money], Result]]) -> None:
    """Write down what came of each attempt; inside the transaction that acts on it."""
    at = clock.now()
    told = [turn.attempt for turn, result in answered if _take(turn.attempt, result, at)]
    values = {each.pk: (each.state, each.stripe_id, each.detail) for each in told}
    update_each(Attempt.objects.all(), values, ("state", "stripe_id", "detail"), answered_at=at)


def one_call(
    *, subject: str, verb: str, key: str, send: Callable[[str], Result], look: Callable[[datetime], Result]
) -> Result:
    """A call that somebody waits for and that moves no money: the key is stored before it, the answer after it.

    Outside any transaction. A repeat goes under the same key while Stripe knows it. Later, or where Stripe replays a
    failure under it, it is looked up (`look` is told since when), and what has left nothing is sent under a new key.
    """
    attempt = _open(subject, verb, key)
    if not _is_young(attempt, clock.now()):
        found = look(attempt.first_at)
        _close(attempt, found)
        if not isinstance(found, Absent):
            return found
        attempt = _open(subject, verb, key)
    result = send(attempt.key)
    if isinstance(result, Unknown) and result.replayed:
        found = look(attempt.first_at)
        _close(attempt, found)
        return result if isinstance(found, Absent) else found
    _close(attempt, result)
    return result


def _open(subject: str, verb: str, key: str) -> Attempt:
    """The attempt that counts now, stored; a repeat is counted."""
    at = clock.now()
    gone = Attempt.objects.filter(subject=subject, verb=verb, state=State.ABSENT, key__startswith=key).count()
    named = f"{key}:{gone + 1}" if gone else key
    fresh = {"subject": subject, "verb": verb, "first_at": at, "last_at": at}
    attempt, made = Attempt.objects.get_or_create(key=named, defaults=fresh)
    if not made and _is_young(attempt, at):
        Attempt.objects.filter(pk=attempt.pk).update(last_at=at, calls=F("calls") + 1)
    return attempt


def _close(attempt: Attempt, result: Result) -> None:
    if _take(attempt, result, clock.now()):
        attempt.save(update_fields=["state", "stripe_id", "detail", "answered_at"])


def settle(subject: str, verb: str, result: Done) -> None:
    """The answer came another way, by an event or a comparison of the books."""
    open_ones = Attempt.objects.filter(subject=subject, verb=verb, state=State.ASKED)
    open_ones.update(state=State.DONE, stripe_id=str(result.object["id"]), answered_at=clock.now())


def _fresh(key: str, subject: str, verb: str, at: datetime) -> Attempt:
    return Attempt(key=key, subject=subject, verb=verb, first_at=at, last_at=at)


def _is_young(attempt: Attempt, at: datetime) -> bool:
    return at - attempt.first_at < KEY_LIFE


def _take(attempt: Attempt, result: Result, at: datetime) -> bool:
    if isinstance(result, Done):
        attempt.state, attempt.stripe_id = State.DONE, str(result.object["id"])
    elif isinstance(result, Declined):
        attempt.state, attempt.detail = State.DECLINED, f"{result.code}: {result.detail}"[:200]
    elif isinstance(result, Absent):
        attempt.state = State.ABSENT
    else:
        return False
    attempt.answered_at = at
    return True
