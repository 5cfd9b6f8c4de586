"""Payouts: transfers to the payees' connected accounts, once all of the round is collected."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import F, Q

from marketplace.agents.models import Principal
from marketplace.core import clock
from marketplace.core.batches import update_each
from marketplace.settlement import answers, calls, disputes, ledger, tasks, work
from marketplace.settlement.gateway import Absent, Declined, Done, NotSent, Result
from marketplace.settlement.models import Attempt, Journal, Obligation, PayoutAccount

State = Obligation.State
OPEN = (State.PENDING, State.UNKNOWN)
NO_ACCOUNT = "no_payout_account"
SUSPENDED = "principal_suspended"
DISPUTED = "disputed"
NOT_YET = "balance_insufficient"  # what was captured is not at the platform's disposal yet
WAITING = 600.0  # seconds between tries while it is not: at Stripe that may take days


def sweep_payouts() -> int:
    """Pay what is due; the state says `unknown` before the call is made."""
    disputes.cover_losses()
    _freeze_disputed()
    _resume_freed()
    return work.sweep(TRANSFER)


def due_payouts() -> Any:
    """Payouts that may be made, with what the call needs; what was asked for already is followed to its end."""
    rows = Obligation.objects.filter(kind__in=Obligation.PAYS, state__in=OPEN, due_at__isnull=False)
    rows = rows.exclude(state=State.PENDING, round_ref__in=disputes.frozen_rounds())
    return rows.select_related("principal__payout_account", "journal")


def resume(*, principal: Principal) -> int:
    """A payee can be paid (again): what was held for it becomes due."""
    held = Obligation.objects.filter(principal=principal, kind__in=Obligation.PAYS, state=State.HELD_FOR_SELLER)
    return sum(resend(row) for row in held)


def resend(row: Obligation) -> bool:
    """Take up a payout that is held; a new key only where Stripe has clearly declined the former one."""
    declined = Attempt.objects.filter(key=_key(row), state=Attempt.State.DECLINED).exists()
    held = Obligation.objects.filter(pk=row.pk, state=State.HELD_FOR_SELLER, attempt=row.attempt)
    held = held.exclude(round_ref__in=disputes.frozen_rounds())
    fields: dict[str, Any] = {"attempt": F("attempt") + 1} if declined else {}
    return held.update(state=State.PENDING, tries=0, due_at=clock.now(), **fields) == 1


def _freeze_disputed() -> None:
    """What is due or held of a round that a cardholder disputes waits for the bank, and is looked at after that."""
    due = Q(state=State.PENDING, due_at__isnull=False) | Q(state=State.HELD_FOR_SELLER)
    rows = Obligation.objects.filter(due, kind__in=Obligation.PAYS, round_ref__in=disputes.frozen_rounds())
    frozen = rows.exclude(last_error__startswith=DISPUTED, state=State.HELD_FOR_SELLER)
    frozen.update(state=State.HELD_FOR_SELLER, due_at=None, last_error=f"{DISPUTED}: a bank decides first")


def _resume_freed() -> None:
    """What was held because its payee was suspended, or its round disputed, and is so no more."""
    held = Obligation.objects.filter(kind__in=Obligation.PAYS, state=State.HELD_FOR_SELLER)
    freed = Q(last_error__startswith=SUSPENDED, principal__suspended_at=None) | Q(last_error__startswith=DISPUTED)
    for row in held.filter(freed).exclude(round_ref__in=disputes.frozen_rounds()):
        resend(row)


def _key(row: Obligation) -> str:
    return f"{row.ref}:{row.attempt}:{TRANSFER.verb}"


def _account(row: Obligation) -> PayoutAccount | None:
    try:
        return row.principal.payout_account
    except ObjectDoesNotExist:
        return None


def _look(row: Obligation) -> Result:
    """The transfer that was made for this payout, among those of the market to its account."""
    account = _account(row)
    if account is None or not account.stripe_account:
        return Absent()
    return answers.made_for(row.ref, calls.list_transfers(group=row.journal.name, destination=account.stripe_account))


def _send(row: Obligation, key: str) -> Result:
    """Transfer to the payee's account, or say that there is none."""
    account = _account(row)
    if row.principal.suspended_at is not None:
        return NotSent(SUSPENDED, "the payee is suspended")
    if account is None:
        return NotSent(NO_ACCOUNT, "the payee has no payout account")
    if account.state != PayoutAccount.State.ENABLED:
        return NotSent(NO_ACCOUNT, f"the payee's payout account is {account.state}")
    return calls.transfer(
        amount=row.amount_minor,
        currency=row.currency,
        destination=account.stripe_account,
        group=row.journal.name,
        metadata={"obligation": row.ref, "participation": row.reference, "round": row.round_ref},
        key=key,
    )


def note_payouts(journal: Journal, answered: Sequence[tuple[Obligation, Result]]) -> None:
    """What became of transfers; under the journal's lock. A second answer finds nothing to change."""
    made = []
    for row, result in answered:
        if isinstance(result, Done) and answers.agrees(row, result.object):
            made.append((row, str(result.object["id"])))
        else:
            _note_trouble(row, result)
    _note_paid(journal, made)


def _note_trouble(row: Obligation, result: Result) -> None:
    rows = Obligation.objects.filter(pk=row.pk, state__in=OPEN)
    if isinstance(result, Done):
        answers.another_amount(row, result.object)
    elif isinstance(result, Absent):
        answers.begin_again(row)
    elif isinstance(result, Declined) and result.code == NOT_YET:
        answers.begin_again(row, result.detail, WAITING)  # refused for now, so nothing moved
    elif isinstance(result, NotSent) and _payable(row):  # the account came while we looked
        rows.update(state=State.PENDING, due_at=clock.now())
    elif isinstance(result, Declined | NotSent):
        why = f"{result.code}: {result.detail}"
        rows.update(state=State.HELD_FOR_SELLER, due_at=None, last_error=why[:200])
        tasks.open_task(subject=row.ref, code="held_for_seller", detail=why)
    else:
        answers.put_off(row, result)


def _payable(row: Obligation) -> bool:
    enabled = PayoutAccount.objects.filter(principal_id=row.principal_id, state=PayoutAccount.State.ENABLED)
    return enabled.filter(principal__suspended_at=None).exists()


def _note_paid(journal: Journal, made: list[tuple[Obligation, str]]) -> None:
    """All of them in one UPDATE and one page of the ledger."""
    unpaid = Obligation.objects.filter(state__in=OPEN)
    done: dict[str, Any] = {"state": State.PAID, "settled_at": clock.now(), "due_at": None, "last_error": ""}
    mine = update_each(unpaid, {row.pk: (name,) for row, name in made}, ("stripe_id",), **done)
    paid = [row for row, _ in made if row.pk in mine]
    tasks.close_of(*(row.ref for row in paid))
    ledger.append(journal, [_booking(journal, row) for row in paid])


def _booking(journal: Journal, row: Obligation) -> ledger.Entry:
    market, payee = ledger.market_account(journal), f"payee:{row.principal.ref}"
    return ledger.Entry(ledger.Kind.POSTED, market, payee, row.amount_minor, row.reference)


TRANSFER: work.Operation[Obligation] = work.Operation(
    "transfer", due_payouts, _send, _look, note_payouts, claims=(("state", State.UNKNOWN),)
)
