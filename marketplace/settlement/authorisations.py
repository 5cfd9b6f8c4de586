"""Authorisations: the hold behind each participation, from its reservation to its release."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Min
from django.db.models.functions import Coalesce

from marketplace.agents.models import Principal
from marketplace.core import clock, sweeps
from marketplace.core.batches import update_each
from marketplace.core.limits import SETTLING_SECONDS
from marketplace.core.money import charge_step
from marketplace.core.refs import new_ref
from marketplace.settlement import balances, bearing, calls, ledger, work
from marketplace.settlement.gateway import Absent, Declined, Done, NotSent, Result, Unknown
from marketplace.settlement.models import Authorisation, Journal

log = logging.getLogger(__name__)
State = Authorisation.State
UNASKED = (State.PENDING, State.UNKNOWN)
NOTED = ("payment_intent", "due_at", "release_due", "capture_before", "decline_code")
TOO_SHORT = "hold_too_short"
LIVE = ("requires_capture", "succeeded", "processing")  # a payment that holds, took or may yet take money


def reserve(
    *,
    journal: Journal,
    reference: str,
    principal: Principal,
    amount_minor: int,
    later_minor: int = 0,
    prepaid: bool = False,
    purse: str = "",
    needed_until: datetime | None = None,
) -> Authorisation:
    """Write down the hold to be made for a participation; inside the caller's transaction.

    Nothing to hold is authorised at once. Of a three-decimal currency only what can be charged is held. A `purse`
    leaves only the payment methods with this label. `later_minor` may be charged once the outcome is known; then
    `amount_minor` is a deposit, or nothing. `prepaid`: it is held of what the principal has paid in before.
    A hold that Stripe keeps for less long than until `needed_until` is let go again.
    """
    amount_minor -= amount_minor % charge_step(journal.currency)
    if prepaid:
        bearing.refuse_beyond_most(amount_minor, journal.currency)
        return balances.reserve_of_balance(
            journal=journal, reference=reference, principal=principal, amount_minor=amount_minor
        )
    at = clock.now()
    if not balances.is_balance(journal):
        balances.refuse_owing(principal, journal.currency)
    return Authorisation.objects.create(
        ref=new_ref("aut"),
        journal=journal,
        reference=reference,
        principal=principal,
        payment_method=bearing.method_for(principal, amount_minor, later_minor, journal.currency, purse),
        amount_minor=amount_minor,
        later_minor=later_minor,
        needed_until=needed_until if amount_minor else None,
        currency=journal.currency,
        state=State.PENDING if amount_minor else State.AUTHORISED,
        due_at=at + work.GRACE if amount_minor else None,
        created_at=at,
        updated_at=at,
    )


def authorise(*, authorisation: Authorisation) -> Authorisation:
    """Ask Stripe for the hold; outside any transaction. Who comes second does nothing."""
    mine = _unasked().filter(pk=authorisation.pk, state=State.PENDING)
    work.carry_out(HOLD, work.take(HOLD, mine, due_only=False))
    authorisation.refresh_from_db()
    return authorisation


@transaction.atomic
def replace_hold(*, old: Authorisation, new: Authorisation) -> bool:
    """Put a larger hold, authorised under a reference of its own, in the place of the one behind a participation.

    The books show the new hold as the participation's, the old one beside it until it is let go. False where either
    has moved.
    """
    journal = ledger.lock(old.journal_id)
    rows = Authorisation.objects.filter(pk__in=(old.pk, new.pk), state=State.AUTHORISED, release_due=False)
    if rows.count() != 2:
        return False
    place, beside, at = old.reference, new.reference, clock.now()
    if new.balance_id is not None:
        return balances.add_to_hold(journal, old, new)
    gone = [entry for held in ledger.open_holds(journal, place, beside) for entry in ledger.letting_go(held)]
    new_places = ((place, new), (f"{beside}:before", old))
    ledger.append(journal, gone + [_promise(journal, row, name) for name, row in new_places if row.amount_minor])
    due = at if old.amount_minor else None
    state = State.AUTHORISED if old.amount_minor else State.RELEASED
    before = {"reference": f"{beside}:before", "release_due": True, "due_at": due, "state": state, "updated_at": at}
    Authorisation.objects.filter(pk=old.pk).update(**before)
    Authorisation.objects.filter(pk=new.pk).update(reference=place, updated_at=at)
    sweeps.nudge("settlement.releases")
    return True


def sweep_unanswered() -> int:
    """Ask, or ask again under the same key, for holds that nobody has a clear answer for."""
    return work.sweep(HOLD)


def note_answers(journal: Journal, answered: Sequence[tuple[Authorisation, Result]]) -> None:
    """What Stripe answered to holds; under the journal's lock. A second answer finds nothing to change."""
    made = []
    for row, result in answered:
        if isinstance(result, Done) and _holds(result.object) == (row.amount_minor, row.currency.lower()):
            made.append((row, result.object))
        else:
            _note_trouble(row, result)
    _note_authorised(journal, made)


def _holds(intent: dict[str, Any]) -> tuple[int, str] | None:
    return (intent["amount_capturable"], intent["currency"]) if intent["status"] == "requires_capture" else None


def _note_trouble(row: Authorisation, result: Result) -> None:
    """Anything but the hold that was asked for."""
    again: dict[str, Any] = {"tries": row.tries + 1, "due_at": work.again_at(row.tries)}
    if isinstance(result, Unknown):
        _change(row, UNASKED, **again)
    elif isinstance(result, Absent):
        _note_absent(row)
    elif isinstance(result, Declined | NotSent):
        _change(row, UNASKED, state=State.REFUSED, decline_code=result.code, due_at=None)
    elif result.object["status"] == "processing":
        _change(row, UNASKED, payment_intent=result.object["id"], **again)
    elif result.object["status"] == "requires_capture":
        log.error("%s: Stripe holds another amount than was asked for", row.ref)
        _change(row, UNASKED, **again)
    else:  # declined, it wants the person (3-D Secure), or was cancelled already: no hold
        error = result.object.get("last_payment_error") or {}
        code = error.get("decline_code") or error.get("code") or result.object["status"]
        _change(row, UNASKED, state=State.REFUSED, decline_code=code[:64], due_at=None)


def _note_absent(row: Authorisation) -> None:
    """This attempt has left nothing and never will; where nobody wants the hold any more, that is the end of it."""
    changes: dict[str, Any] = {"attempt": F("attempt") + 1, "tries": row.tries + 1}
    wanted = Authorisation.objects.filter(pk=row.pk, release_due=False).exists()
    if wanted:
        _change(row, UNASKED, state=State.PENDING, due_at=work.again_at(row.tries), **changes)
    else:
        _change(row, UNASKED, state=State.RELEASED, due_at=None, **changes)


def _note_authorised(journal: Journal, made: list[tuple[Authorisation, dict[str, Any]]]) -> None:
    """All of them in one UPDATE and one page of the ledger; what nobody wants any more is due for its release."""
    at, keys = clock.now(), [row.pk for row, _ in made]
    unwanted = set(Authorisation.objects.filter(pk__in=keys, release_due=True).values_list("pk", flat=True))
    values = {row.pk: _noted(row, intent, row.pk in unwanted, at) for row, intent in made}
    done: dict[str, Any] = {"state": State.AUTHORISED, "tries": 0, "updated_at": at}
    unasked = Authorisation.objects.filter(state__in=UNASKED)
    mine = update_each(unasked, values, NOTED, **done)
    ledger.append(journal, [_promise(journal, row, row.reference) for row, _ in made if row.pk in mine])


def _noted(row: Authorisation, intent: dict[str, Any], unwanted: bool, at: datetime) -> tuple[Any, ...]:
    """How long it is held is what Stripe says, never assumed; one that ends before its market settles is let go."""
    before = calls.capture_before(intent)
    short = row.needed_until is not None and (before is None or before < row.needed_until)
    let_go = unwanted or short
    return intent["id"], at if let_go else None, let_go, before, TOO_SHORT if short else ""


def first_hold_ends(journal: Journal) -> datetime | None:
    """When the journal's market must have ended at the latest, for every hold to stand until it is captured.

    Of a hold that is not answered yet it is known until when it will be needed at least; None where no card holds.
    """
    standing = Authorisation.objects.filter(journal=journal, state__in=(*UNASKED, State.AUTHORISED), release_due=False)
    first = standing.aggregate(first=Min(Coalesce("capture_before", "needed_until")))["first"]
    return first - timedelta(seconds=SETTLING_SECONDS) if first else None


def _promise(journal: Journal, row: Authorisation, reference: str) -> ledger.Entry:
    payer, market = f"payer:{reference}", ledger.market_account(journal)
    return ledger.Entry(ledger.Kind.PENDING, payer, market, row.amount_minor, reference)


def _change(row: Authorisation, states: tuple[str, ...], **fields: Any) -> bool:
    """Change a row where it still is in one of these states."""
    rows = Authorisation.objects.filter(pk=row.pk, state__in=states)
    return rows.update(updated_at=clock.now(), **fields) == 1


def _unasked() -> Any:
    rows = Authorisation.objects.filter(state__in=UNASKED, due_at__isnull=False)
    return rows.select_related("payment_method", "journal")


def _look(row: Authorisation) -> Result:
    """The payment that was made for this hold; of several the one that holds or took money."""
    if row.payment_method is None:
        return Absent()
    listed = calls.list_intents(customer=row.payment_method.stripe_customer, since=row.created_at)
    if not isinstance(listed, Done):
        return listed
    found = [each for each in listed.object["data"] if each["metadata"].get("authorisation") == row.ref]
    mine = [each for each in found if each["metadata"].get("attempt") == str(row.attempt) or each["status"] in LIVE]
    return Done(min(mine, key=lambda each: each["status"] not in LIVE)) if mine else Absent()


def _send(row: Authorisation, key: str) -> Result:
    method = row.payment_method
    if method is None:
        return NotSent("payment_method_needed", "there is no payment method")
    return calls.hold(
        amount=row.amount_minor,
        currency=row.currency,
        customer=method.stripe_customer,
        payment_method=method.stripe_payment_method,
        metadata={"authorisation": row.ref, "participation": row.reference, "attempt": str(row.attempt)},
        group=row.journal.name,
        key=key,
    )


HOLD: work.Operation[Authorisation] = work.Operation(
    "hold", _unasked, _send, _look, note_answers, claims=(("state", State.UNKNOWN),)
)
