"""Charges: collects that were held nowhere; the saved card is charged when the outcome is known."""

from collections.abc import Sequence
from typing import Any

from marketplace.core import clock
from marketplace.settlement import answers, balances, calls, ledger, rounds, tasks, work
from marketplace.settlement.gateway import Absent, Declined, Done, Result, Unknown
from marketplace.settlement.models import Authorisation, Journal, Obligation, PaymentMethod

State = Obligation.State
OPEN = (State.PENDING, State.UNKNOWN)
TAKEN = ("succeeded", "processing")


def sweep_charges() -> int:
    """Charge what is due; the state says `unknown` before the call is made."""
    return work.sweep(CHARGE)


def due_charges() -> Any:
    """Collects that wait for their charge, with what the call needs."""
    rows = Obligation.objects.filter(kind=Obligation.Kind.COLLECT, way=Obligation.Way.CHARGE, state__in=OPEN)
    return rows.filter(due_at__isnull=False).select_related("authorisation__payment_method", "journal")


def _method(row: Obligation) -> PaymentMethod | None:
    return row.authorisation.payment_method if row.authorisation is not None else None


def _look(row: Obligation) -> Result:
    """The payment that was made for this collect; of several the one that took money."""
    method = _method(row)
    if method is None:
        return Absent()
    listed = calls.list_intents(customer=method.stripe_customer, since=row.created_at)
    if not isinstance(listed, Done):
        return listed
    found = [each for each in listed.object["data"] if each["metadata"].get("obligation") == row.ref]
    mine = [each for each in found if each["metadata"].get("attempt") == str(row.attempt) or each["status"] in TAKEN]
    if not mine:
        return Absent()
    return _sorted_out(min(mine, key=lambda each: each["status"] not in TAKEN))


def _sorted_out(intent: dict[str, Any]) -> Result:
    """What a payment's state says: taken, on its way, or declined for good, for its payer is away."""
    if intent["status"] == "succeeded":
        return Done(intent)
    if intent["status"] == "processing":
        return Unknown("the payment is being processed")
    error = intent.get("last_payment_error") or {}
    code = error.get("decline_code") or error.get("code") or intent["status"]
    return Declined(code[:64], (error.get("message") or f"the payment is {intent['status']}")[:200])


def _send(row: Obligation, key: str) -> Result:
    method = _method(row)
    if method is None:
        return Declined("payment_method_gone", "there is no payment method any more")
    result = calls.charge(
        amount=row.amount_minor,
        currency=row.currency,
        customer=method.stripe_customer,
        payment_method=method.stripe_payment_method,
        metadata={"obligation": row.ref, "participation": row.reference, "attempt": str(row.attempt)},
        group=row.journal.name,
        key=key,
    )
    return _sorted_out(result.object) if isinstance(result, Done) else result


def note_charges(journal: Journal, answered: Sequence[tuple[Obligation, Result]]) -> None:
    """What became of charges; under the journal's lock. A second answer finds nothing to change."""
    for row, result in answered:
        _note(journal, row, result)


def _note(journal: Journal, row: Obligation, result: Result) -> None:
    if isinstance(result, Absent):
        answers.begin_again(row)
    elif isinstance(result, Declined):
        _note_default(row, result)
    elif not isinstance(result, Done):
        answers.put_off(row, result)
    elif (result.object["amount_received"], result.object["currency"]) != (row.amount_minor, row.currency.lower()):
        answers.another_amount(row, {**result.object, "amount": result.object["amount_received"]})
    else:
        _note_paid(journal, row, result.object)


def _note_paid(journal: Journal, row: Obligation, intent: dict[str, Any]) -> None:
    """Booked at once, for nothing was held; a deposit beside it is let go."""
    at = clock.now()
    paid: dict[str, Any] = {"state": State.PAID, "settled_at": at, "due_at": None, "last_error": ""}
    charge = calls.charge_of(intent)
    if Obligation.objects.filter(pk=row.pk, state__in=OPEN).update(stripe_id=charge, **paid) != 1:
        return
    promise = Authorisation.objects.filter(pk=row.authorisation_id)
    promise.update(captured_minor=row.amount_minor, updated_at=at)
    deposit = promise.filter(state=Authorisation.State.AUTHORISED, amount_minor__gt=0)
    deposit.update(release_due=True, due_at=at)
    ledger.post(
        journal,
        debit=f"payer:{row.reference}",
        credit=ledger.market_account(journal),
        amount_minor=row.amount_minor,
        reference=row.reference,
    )


def _note_default(row: Obligation, result: Declined) -> None:
    """The card was declined: a default, of which the market's rule makes something once the round has come to rest."""
    error = f"{result.code}: {result.detail}"[:200]
    rows = Obligation.objects.filter(pk=row.pk, state__in=OPEN)
    moved = rows.update(state=State.DEFAULTED, settled_at=clock.now(), due_at=None, last_error=error)
    if moved and not balances.is_balance(row.journal):  # whose top-up is declined is told so, and owes nothing
        tasks.open_task(subject=row.ref, code="payer_defaulted", detail=error)


CHARGE: work.Operation[Obligation] = work.Operation(
    "charge", due_charges, _send, _look, note_charges, after=rounds.conclude, claims=(("state", State.UNKNOWN),)
)
