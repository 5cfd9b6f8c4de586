"""Collects: capturing from each payer's hold what the outcome charges."""

from collections.abc import Sequence
from typing import Any

from marketplace.core import clock
from marketplace.core.batches import update_each
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
    rows = Obligation.objects.filter(kind=Obligation.Kind.COLLECT, way=Obligation.Way.CAPTURE, state__in=OPEN)
    return rows.filter(due_at__isnull=False).select_related("authorisation")


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


def note_collects(journal: Journal, answered: Sequence[tuple[Obligation, Result]]) -> None:
    """What became of captures; under the journal's lock. A second answer finds nothing to change."""
    captured = []
    for row, result in answered:
        if isinstance(result, Done) and _taken(result.object) == ("succeeded", row.amount_minor, row.currency.lower()):
            captured.append((row, calls.charge_of(result.object)))
        else:
            _note_trouble(row, result)
    _note_captured(journal, captured)


def _note_trouble(row: Obligation, result: Result) -> None:
    if isinstance(result, Absent):
        answers.begin_again(row)
    elif isinstance(result, Declined):
        _note_default(row, result)
    elif isinstance(result, Done):
        answers.another_amount(row, {**result.object, "amount": result.object.get("amount_received")})
    else:
        answers.put_off(row, result)


def _taken(intent: dict[str, Any]) -> tuple[str, int, str]:
    return intent["status"], intent["amount_received"], intent["currency"]


def _note_captured(journal: Journal, captured: list[tuple[Obligation, str]]) -> None:
    """All of them in one UPDATE each of obligations and holds, and one page of the ledger."""
    at = clock.now()
    unpaid = Obligation.objects.filter(state__in=OPEN)
    charges = {row.pk: (charge,) for row, charge in captured}
    done: dict[str, Any] = {"state": State.PAID, "settled_at": at, "due_at": None, "last_error": ""}
    mine = update_each(unpaid, charges, ("stripe_id",), **done)
    paid = {row.reference: row for row, _ in captured if row.pk in mine}
    taken = {_authorisation(row).pk: (row.amount_minor,) for row in paid.values()}
    over: dict[str, Any] = {"state": Authorisation.State.CAPTURED, "due_at": None, "updated_at": at}
    update_each(Authorisation.objects.all(), taken, ("captured_minor",), **over)
    entries = [ledger.moving(held, paid[held.row.reference].amount_minor) for held in ledger.open_holds(journal, *paid)]
    ledger.append(journal, [entry for each in entries for entry in each])


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
    "capture", due_collects, _send, _look, note_collects, after=rounds.conclude, claims=(("state", State.UNKNOWN),)
)
