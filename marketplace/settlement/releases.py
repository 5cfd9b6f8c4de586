"""Releases: letting go of holds that charge nothing."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from marketplace.core import clock, sweeps
from marketplace.settlement import gateway, ledger, work
from marketplace.settlement.gateway import Declined, Done, Result
from marketplace.settlement.models import Authorisation, Journal

State = Authorisation.State
OPEN = (State.PENDING, State.UNKNOWN, State.AUTHORISED)


@transaction.atomic
def release_all(*, journal: Journal) -> int:
    """Every hold of a cancelled market will be let go; how many."""
    return mark_releases(ledger.lock(journal.pk), keep=())


def mark_releases(journal: Journal, keep: Iterable[str]) -> int:
    """Mark the journal's open holds, but for these references; under the journal's lock.

    What Stripe was never asked for, or holds nothing, is released at once.
    """
    at = clock.now()
    rows = Authorisation.objects.filter(journal=journal, state__in=OPEN).exclude(reference__in=list(keep))
    unheld = rows.filter(Q(state=State.PENDING) | Q(state=State.AUTHORISED, amount_minor=0))
    at_once = unheld.update(state=State.RELEASED, release_due=True, due_at=None, updated_at=at)
    held = rows.filter(state=State.AUTHORISED).update(release_due=True, due_at=at, updated_at=at)
    asked = rows.filter(state=State.UNKNOWN).update(release_due=True, updated_at=at)
    sweeps.nudge("settlement.releases")
    return at_once + held + asked


def sweep_releases() -> int:
    """Cancel what is held and no longer wanted."""
    rows = Authorisation.objects.filter(state=State.AUTHORISED, release_due=True)
    return work.carry_out(work.claim(rows), _ask, note_release)


def note_release(journal: Journal, row: Authorisation, result: Result) -> None:
    """What became of a hold that was to be let go; under the journal's lock."""
    at = clock.now()
    held = Authorisation.objects.filter(pk=row.pk, state=State.AUTHORISED)
    if not (isinstance(result, Done) and result.object["status"] == "canceled"):
        held.update(tries=row.tries + 1, due_at=work.again_at(row.tries), updated_at=at)
    elif held.update(state=State.RELEASED, due_at=None, updated_at=at) == 1:
        for hold in ledger.open_holds(journal, row.reference):
            ledger.void_hold(journal, hold)


def _ask(row: Authorisation) -> Result:
    """Cancel; where Stripe refuses, what the payment has become tells more than the refusal."""
    result = gateway.cancel(intent=row.payment_intent, key=f"{row.ref}:{row.attempt}:release")
    return gateway.fetch_intent(row.payment_intent) if isinstance(result, Declined) else result
