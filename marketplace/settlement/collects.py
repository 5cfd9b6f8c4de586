"""Collects: capturing from each payer's hold what the outcome charges."""

from typing import Any

from marketplace.core import clock
from marketplace.settlement import answers, calls, ledger, rounds, tasks, work
from marketplace.settlement.gateway import Absent, Declined, Done, Result
from marketplace.settlement.models import Authorisation, Journal, Obligation

State = Obligation.State
OPEN = (State.PENDING, State.UNKNOWN)


def sweep_collects() -> int:
    """Capture what is due; the state says `unknown` before the call is made."""
    return work.sweep(CAPTURE)


def due_collects() -> Any:
    """Collects that wait for their capture, with what the call needs."""
    rows = Obligation.objects.filter(kind=Obligation.Kind.COLLECT, state__in=OPEN, due_at__isnull=False)
    return rows.select_related("authorisation")


def _look(row: Obligation) -> Result:
    """What the payment itself shows: taken, gone, or still to be taken. A capture cannot happen twice."""
    fetched = calls.fetch_intent(_authorisation(row).payment_intent)
    if not isinstance(fetched, Done):
        return fetched
    status = fetched.object["status"]
    if status == "requires_capture":
        return Absent()
    return fetched if status == "succeeded" else Declined(f"payment_{status}"[:64], "nothing is held any more")


def _send(row: Obligation, key: str) -> Result:
    """Capture; a refusal counts only if the payment itself shows that nothing was taken."""
    result = calls.capture(intent=_authorisation(row).payment_intent, amount=row.amount_minor, key=key)
    if not isinstance(result, Declined):
        return result
    shown = _look(row)
    return result if isinstance(shown, Absent | Declined) else shown


def note_collect(journal: Journal, row: Obligation, result: Result) -> None:
    """What became of a capture; under the journal's lock. A second answer finds nothing to change."""
    if isinstance(result, Absent):
        answers.begin_again(row)
    elif isinstance(result, Declined):
        _note_default(row, result)
    elif not isinstance(result, Done):
        answers.put_off(row, result)
    elif _taken(result.object) != ("succeeded", row.amount_minor, row.currency.lower()):
        answers.another_amount(row, {**result.object, "amount": result.object.get("amount_received")})
    else:
        _note_captured(journal, row, result.object)


def _taken(intent: dict[str, Any]) -> tuple[str, int, str]:
    return intent["status"], intent["amount_received"], intent["currency"]


def _note_captured(journal: Journal, row: Obligation, intent: dict[str, Any]) -> None:
    at = clock.now()
    paid: dict[str, Any] = {"state": State.PAID, "settled_at": at, "due_at": None, "last_error": ""}
    charge = intent.get("latest_charge") or intent["id"]
    if Obligation.objects.filter(pk=row.pk, state__in=OPEN).update(stripe_id=charge, **paid) != 1:
        return
    Authorisation.objects.filter(pk=_authorisation(row).pk).update(
        state=Authorisation.State.CAPTURED, captured_minor=row.amount_minor, due_at=None, updated_at=at
    )
    for hold in ledger.open_holds(journal, row.reference):
        ledger.post_hold(journal, hold, row.amount_minor)


def _note_default(row: Obligation, result: Declined) -> None:
    """The payer's promise failed for good; what may be left of the hold is let go."""
    at = clock.now()
    error = f"{result.code}: {result.detail}"[:200]
    rows = Obligation.objects.filter(pk=row.pk, state__in=OPEN)
    if rows.update(state=State.DEFAULTED, settled_at=at, due_at=None, last_error=error):
        tasks.open_task(subject=row.ref, code="payer_defaulted", detail=error)
    held = Authorisation.objects.filter(pk=_authorisation(row).pk, state=Authorisation.State.AUTHORISED)
    held.update(release_due=True, due_at=at, updated_at=at)


def _authorisation(row: Obligation) -> Authorisation:
    if row.authorisation is None:
        raise ValueError(f"{row.ref} collects from no hold")
    return row.authorisation


CAPTURE: work.Operation[Obligation] = work.Operation(
    "capture", due_collects, _send, _look, note_collect, after=rounds.conclude, claims=(("state", State.UNKNOWN),)
)
