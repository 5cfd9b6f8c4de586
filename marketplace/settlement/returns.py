"""Rows that give another back, and how a refund that cannot be made is taken back as a whole."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from marketplace.core import clock, sweeps
from marketplace.core.refs import new_ref
from marketplace.settlement import ledger
from marketplace.settlement.models import Journal, Obligation

State, Kind = Obligation.State, Obligation.Kind


def returning(row: Obligation, kind: str, amount: int) -> Obligation:
    """A row of this kind that gives so much of another back; not stored yet."""
    return Obligation(
        ref=new_ref("obl"),
        journal_id=row.journal_id,
        round_ref=row.round_ref,
        kind=kind,
        reference=row.reference,
        principal_id=row.principal_id,
        of=row,
        amount_minor=amount,
        currency=row.currency,
        created_at=clock.now(),
    )


@transaction.atomic
def give_up(*, obligation: Obligation) -> bool:
    """Take back a refund that waits for its sellers, on a person's word; False where it does not wait, or one is asked.

    Whoever gave back for it already is paid again.
    """
    journal = ledger.lock(obligation.journal_id)
    asked = list(Obligation.objects.select_for_update().filter(unlocks=obligation))
    waiting = Obligation.objects.filter(pk=obligation.pk, kind=Kind.REFUND, state=State.PENDING, due_at=None)
    over: dict[str, Any] = {"state": State.DEFAULTED, "due_at": None, "settled_at": clock.now()}
    over["last_error"] = "given up by an operator"
    if any(row.state == State.UNKNOWN for row in asked) or waiting.update(**over) != 1:
        return False
    Obligation.objects.filter(unlocks=obligation, state=State.PENDING).update(**over)
    compensate(journal, obligation)
    return True


def compensate(journal: Journal, refund: Obligation) -> None:
    """Undo what was done for a refund that is not made; under the journal's lock.

    Sellers who gave back are paid again; fee and surplus are kept again.
    """
    reversals = list(refund.awaits.select_related("journal").order_by("pk"))
    market = ledger.market_account(journal)
    kept = [(ledger.fee_account(journal), row.fee_minor, row.reference) for row in reversals]
    kept.append((ledger.surplus_account(journal), refund.fee_minor, refund.reference))
    entries = [ledger.Entry(ledger.Kind.POSTED, market, into, sum_, about) for into, sum_, about in kept if sum_]
    ledger.append(journal, entries)
    _pay_again([row for row in reversals if row.state == State.PAID])


def _pay_again(reversals: Sequence[Obligation]) -> None:
    for row in reversals:
        made = returning(row, Kind.RESTORE, row.amount_minor)
        made.fee_minor, made.due_at = row.fee_minor, made.created_at
        made.save(force_insert=True)
    sweeps.nudge("settlement.payouts")
