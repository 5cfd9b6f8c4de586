"""Releases: letting go of holds that charge nothing."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from marketplace.core import clock, sweeps
from marketplace.core.batches import update_each
from marketplace.settlement import balances, calls, ledger, subsidies, work
from marketplace.settlement.gateway import Absent, Declined, Done, Result
from marketplace.settlement.models import Authorisation, Journal, Obligation

State = Authorisation.State
OPEN = (State.PENDING, State.UNKNOWN, State.AUTHORISED)
OWED = (Obligation.State.PENDING, Obligation.State.UNKNOWN)


@transaction.atomic
def release_all(*, journal: Journal) -> int:
    """Every hold and promise of a market that is over will be let go; how many."""
    journal = ledger.lock(journal.pk)
    subsidies.let_go(journal)
    return mark_releases(journal, keep=(), promises=True)


def holding(rows: QuerySet[Authorisation]) -> QuerySet[Authorisation]:
    """Those of these that hold money, or may: a mere promise to be charged later moves nothing."""
    return rows.exclude(state=State.AUTHORISED, amount_minor=0, later_minor__gt=0)


def mark_releases(journal: Journal, keep: Iterable[str], *, promises: bool = False) -> int:
    """Mark the journal's open holds, but for these references; under the journal's lock.

    What Stripe was never asked for, or holds nothing, is released at once; but who promised to be charged later may
    still be, in a round without a defaulter, until the market is over.
    """
    at = clock.now()
    rows = Authorisation.objects.filter(journal=journal, state__in=OPEN).exclude(reference__in=list(keep))
    rows = rows if promises else holding(rows)
    paid_in = balances.release_to_balances(journal, list(rows.exclude(balance=None)))
    unheld = rows.filter(Q(state=State.PENDING) | Q(state=State.AUTHORISED, amount_minor=0))
    at_once = unheld.update(state=State.RELEASED, release_due=True, due_at=None, updated_at=at)
    held = rows.filter(state=State.AUTHORISED).update(release_due=True, due_at=at, updated_at=at)
    asked = rows.filter(state=State.UNKNOWN).update(release_due=True, updated_at=at)
    sweeps.nudge("settlement.releases")
    return paid_in + at_once + held + asked


def release_hold(*, authorisation: Authorisation) -> bool:
    """Let one hold go that charges nothing, on a person's word; False where a capture is owed or nothing is held."""
    with transaction.atomic():
        journal = ledger.lock(authorisation.journal_id)
        owed = Obligation.objects.filter(authorisation=authorisation, state__in=OWED)
        if owed.exists():
            return False
        others = Authorisation.objects.filter(journal=journal).exclude(pk=authorisation.pk)
        return mark_releases(journal, keep=others.values_list("reference", flat=True)) == 1


def sweep_releases() -> int:
    """Cancel what is held and no longer wanted; while captures are due, those go first."""
    if Obligation.objects.filter(kind=Obligation.Kind.COLLECT, state__in=OWED, due_at__lte=clock.now()).exists():
        return 0
    return work.sweep(RELEASE)


def note_releases(journal: Journal, answered: Sequence[tuple[Authorisation, Result]]) -> None:
    """What became of holds that were to be let go; under the journal's lock."""
    gone = []
    for row, result in answered:
        if isinstance(result, Done) and result.object["status"] == "canceled":
            gone.append(row)
        else:
            _note_trouble(row, result)
    done: dict[str, Any] = {"state": State.RELEASED, "due_at": None, "updated_at": clock.now()}
    mine = update_each(Authorisation.objects.filter(state=State.AUTHORISED), {row.pk: () for row in gone}, **done)
    holds = ledger.open_holds(journal, *(row.reference for row in gone if row.pk in mine))
    ledger.append(journal, [entry for held in holds for entry in ledger.letting_go(held)])


def _note_trouble(row: Authorisation, result: Result) -> None:
    """Still held: look again later, with a new key where this attempt has left nothing and never will."""
    changes: dict[str, Any] = {"attempt": F("attempt") + 1} if isinstance(result, Absent) else {}
    held = Authorisation.objects.filter(pk=row.pk, state=State.AUTHORISED)
    held.update(tries=row.tries + 1, due_at=work.again_at(row.tries), updated_at=clock.now(), **changes)


def _due() -> QuerySet[Authorisation]:
    return Authorisation.objects.filter(state=State.AUTHORISED, release_due=True, due_at__isnull=False)


def _look(row: Authorisation) -> Result:
    """What the payment itself shows; still held is as if nobody had asked."""
    fetched = calls.fetch_intent(row.payment_intent)
    held = isinstance(fetched, Done) and fetched.object["status"] == "requires_capture"
    return Absent() if held else fetched


def _send(row: Authorisation, key: str) -> Result:
    """Cancel; where Stripe refuses, what the payment has become tells more than the refusal."""
    result = calls.cancel(intent=row.payment_intent, key=key)
    return calls.fetch_intent(row.payment_intent) if isinstance(result, Declined) else result


RELEASE: work.Operation[Authorisation] = work.Operation("release", _due, _send, _look, note_releases)
