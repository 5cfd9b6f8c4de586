"""Payouts: transfers to the payees' connected accounts, once all of the round is collected."""

import logging
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import F

from marketplace.agents.models import Principal
from marketplace.core import clock
from marketplace.settlement import gateway, ledger, work
from marketplace.settlement.gateway import Declined, Done, Result, Unknown
from marketplace.settlement.models import Journal, Obligation, PayoutAccount

log = logging.getLogger(__name__)
State = Obligation.State
OPEN = (State.PENDING, State.UNKNOWN)
NO_ACCOUNT = "no_payout_account"
NOT_YET = "balance_insufficient"  # what was captured is not at the platform's disposal yet


def sweep_payouts() -> int:
    """Pay what is due; the state says `unknown` before the call is made."""
    rows = due_payouts().filter(state__in=OPEN)
    return work.carry_out(work.claim(rows, state=State.UNKNOWN), ask, note_payout)


def due_payouts() -> Any:
    """Payouts with what the call needs."""
    return Obligation.objects.filter(kind=Obligation.Kind.PAYOUT).select_related("principal__payout_account")


def resume(*, principal: Principal) -> int:
    """A payee can be paid (again): what was held for it becomes due, as a new attempt."""
    held = Obligation.objects.filter(principal=principal, state=State.HELD_FOR_SELLER)
    return held.update(state=State.PENDING, attempt=F("attempt") + 1, tries=0, due_at=clock.now())


def ask(row: Obligation) -> Result:
    """Transfer to the payee's account, or say that there is none."""
    try:
        account = row.principal.payout_account
    except ObjectDoesNotExist:
        return Declined(NO_ACCOUNT, "the payee has no payout account")
    if account.state != PayoutAccount.State.ENABLED:
        return Declined(NO_ACCOUNT, f"the payee's payout account is {account.state}")
    return gateway.transfer(
        amount=row.amount_minor,
        currency=row.currency,
        destination=account.stripe_account,
        group=row.round_ref,
        metadata={"obligation": row.ref, "participation": row.reference},
        key=f"{row.ref}:{row.attempt}:transfer",
    )


def note_payout(journal: Journal, row: Obligation, result: Result) -> None:
    """What became of a transfer; under the journal's lock. A second answer finds nothing to change."""
    rows = Obligation.objects.filter(pk=row.pk, state__in=OPEN)
    if isinstance(result, Done):
        _note_paid(journal, row, result.object)
    elif isinstance(result, Unknown):
        rows.update(tries=row.tries + 1, due_at=work.again_at(row.tries), last_error=result.reason)
    elif result.code == NOT_YET:  # refused for now, so nothing moved: a new attempt, under a new key
        rows.update(
            state=State.PENDING,
            attempt=F("attempt") + 1,
            tries=row.tries + 1,
            due_at=work.again_at(row.tries),
            last_error=result.detail,
        )
    elif result.code == NO_ACCOUNT and _payable(row):  # the account came while we looked
        rows.update(state=State.PENDING, due_at=clock.now())
    else:
        rows.update(state=State.HELD_FOR_SELLER, due_at=None, last_error=f"{result.code}: {result.detail}"[:200])


def _payable(row: Obligation) -> bool:
    accounts = PayoutAccount.objects.filter(principal_id=row.principal_id, state=PayoutAccount.State.ENABLED)
    return accounts.exists()


def _note_paid(journal: Journal, row: Obligation, made: dict[str, Any]) -> None:
    if (made["amount"], made["currency"]) != (row.amount_minor, row.currency.lower()):
        log.error("%s: Stripe moved another amount than was asked for", row.ref)
        return
    paid: dict[str, Any] = {"state": State.PAID, "settled_at": clock.now(), "due_at": None, "last_error": ""}
    if Obligation.objects.filter(pk=row.pk, state__in=OPEN).update(stripe_id=made["id"], **paid) == 1:
        ledger.post(
            journal,
            debit=ledger.market_account(journal),
            credit=f"payee:{row.principal.ref}",
            amount_minor=row.amount_minor,
            reference=row.reference,
        )
