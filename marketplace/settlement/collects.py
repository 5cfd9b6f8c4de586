"""Collects: capturing from each payer's hold what the outcome charges."""

import logging
from typing import Any

from marketplace.core import clock, sweeps
from marketplace.settlement import gateway, ledger, work
from marketplace.settlement.gateway import Declined, Done, Result, Unknown
from marketplace.settlement.models import Authorisation, Journal, Obligation

log = logging.getLogger(__name__)
State = Obligation.State
OPEN = (State.PENDING, State.UNKNOWN)


def sweep_collects() -> int:
    """Capture what is due; the state says `unknown` before the call is made."""
    rows = due_collects().filter(state__in=OPEN)
    return work.carry_out(work.claim(rows, state=State.UNKNOWN), ask, note_collect)


def due_collects() -> Any:
    """Collects with what the call needs."""
    return Obligation.objects.filter(kind=Obligation.Kind.COLLECT).select_related("authorisation")


def ask(row: Obligation) -> Result:
    """Capture; a refusal counts only if the payment itself shows that nothing was taken."""
    intent = _authorisation(row).payment_intent
    result = gateway.capture(intent=intent, amount=row.amount_minor, key=f"{row.ref}:{row.attempt}:capture")
    if not isinstance(result, Declined):
        return result
    fetched = gateway.fetch_intent(intent)
    if isinstance(fetched, Done) and fetched.object["status"] != "succeeded":
        return result
    return fetched if not isinstance(fetched, Declined) else result


def note_collect(journal: Journal, row: Obligation, result: Result) -> None:
    """What became of a capture; under the journal's lock. A second answer finds nothing to change."""
    rows = Obligation.objects.filter(pk=row.pk, state__in=OPEN)
    if isinstance(result, Unknown):
        rows.update(tries=row.tries + 1, due_at=work.again_at(row.tries), last_error=result.reason)
    elif isinstance(result, Declined):
        _note_default(row, result)
    elif _taken(result.object) != ("succeeded", row.amount_minor, row.currency.lower()):
        log.error("%s: Stripe took %s, not what was asked for", row.ref, _taken(result.object))
        rows.update(tries=row.tries + 1, due_at=work.again_at(row.tries), last_error="another amount was taken")
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
    _after_last(journal, row.round_ref)


def _note_default(row: Obligation, result: Declined) -> None:
    """The payer's promise failed for good; what may be left of the hold is let go."""
    at = clock.now()
    error = f"{result.code}: {result.detail}"[:200]
    Obligation.objects.filter(pk=row.pk, state__in=OPEN).update(
        state=State.DEFAULTED, settled_at=at, due_at=None, last_error=error
    )
    held = Authorisation.objects.filter(pk=_authorisation(row).pk, state=Authorisation.State.AUTHORISED)
    held.update(release_due=True, due_at=at, updated_at=at)


def _after_last(journal: Journal, round_ref: str) -> None:
    """Once all of a round is collected, book surplus and residue and let the payouts begin."""
    of_round = Obligation.objects.filter(round_ref=round_ref)
    if of_round.filter(kind=Obligation.Kind.COLLECT).exclude(state=State.PAID).exists():
        return
    for hold in ledger.open_holds(journal, round_ref):
        ledger.post_hold(journal, hold, hold.left)
    of_round.filter(kind=Obligation.Kind.PAYOUT, state=State.PENDING).update(due_at=clock.now())
    sweeps.nudge("settlement.payouts")


def _authorisation(row: Obligation) -> Authorisation:
    if row.authorisation is None:
        raise ValueError(f"{row.ref} collects from no hold")
    return row.authorisation
