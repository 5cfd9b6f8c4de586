"""Disputes: a cardholder takes money back through the bank; what is left of the round is frozen until that decides."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from marketplace.core import clock, sweeps
from marketplace.core.money import charge_step, minor_text, split_largest_remainder
from marketplace.settlement import attempts, balances, calls, ledger, refunds, tasks
from marketplace.settlement.gateway import Done
from marketplace.settlement.models import Attempt, Dispute, Journal, Obligation, Task

State, Owed, Kind = Dispute.State, Obligation.State, Obligation.Kind
VERDICTS = {"won": State.WON, "lost": State.LOST}
INQUIRIES = "warning_"
LOST = "lost by"  # how a payout says why it was not made
UNDECIDED = Q(state=State.OPEN) | Q(state=State.LOST, covered_at=None)


def frozen_rounds() -> QuerySet[Any]:
    """The rounds of which nothing is paid out now."""
    return Dispute.objects.filter(UNDECIDED).values("obligation__round_ref")


def look_at_charge(*, charge: str) -> None:
    """Ask Stripe for the disputes of a charge: their events may have come too early, or never."""
    listed = calls.list_disputes(charge=charge)
    for made in listed.object["data"] if isinstance(listed, Done) else ():
        note_dispute(made)


def look_at_open(*, journal: Journal) -> None:
    """Ask Stripe for each that is open in these books."""
    for row in Dispute.objects.filter(obligation__journal=journal, state=State.OPEN):
        fetched = calls.fetch_dispute(row.stripe_id)
        if isinstance(fetched, Done):
            note_dispute(fetched.object)


@transaction.atomic
def note_dispute(made: dict[str, Any]) -> None:
    """Take over a dispute as Stripe shows it; a repeat changes nothing, nor does one of what is not ours."""
    row = Obligation.objects.filter(kind=Kind.COLLECT, stripe_id=made["charge"]).first()
    if row is None:
        return
    journal = ledger.lock(row.journal_id)
    dispute = Dispute.objects.filter(stripe_id=made["id"]).first() or _written(row, made)
    _tell(row, made)
    if made["status"].startswith(INQUIRIES):
        return
    if dispute.state == State.INQUIRY:
        _open(journal, dispute)
    verdict = VERDICTS.get(made["status"])
    if verdict is not None and dispute.state == State.OPEN:
        dispute.state, dispute.closed_at = verdict, clock.now()
        dispute.save(update_fields=["state", "closed_at"])
        if verdict == State.WON:
            _reinstate(journal, dispute)
        sweeps.nudge("settlement.payouts")


def cover_losses() -> int:
    """What was lost is taken from what is still held for the round's sellers; how many disputes were settled so."""
    return sum(_cover(row) for row in Dispute.objects.filter(state=State.LOST, covered_at=None))


def _written(row: Obligation, made: dict[str, Any]) -> Dispute:
    return Dispute.objects.create(
        stripe_id=made["id"],
        obligation=row,
        amount_minor=made["amount"],
        reason=made["reason"][:64],
        opened_at=clock.now(),
    )


def _open(journal: Journal, dispute: Dispute) -> None:
    """The bank has the money from the first day."""
    dispute.state = State.OPEN
    dispute.save(update_fields=["state"])
    _book(journal, dispute, debit=ledger.disputed_account(journal), credit=_bank(dispute.obligation))


def _reinstate(journal: Journal, dispute: Dispute) -> None:
    """The money is back; a round that was undone meanwhile gives it to its payer after all."""
    row = dispute.obligation
    _book(journal, dispute, debit=_bank(row), credit=ledger.disputed_account(journal))
    undone = Obligation.objects.filter(round_ref=row.round_ref, kind=Kind.PAYOUT, state=Owed.DEFAULTED)
    left = refunds.refundable(row)
    if left and undone.exclude(last_error__startswith=LOST).exists():
        refunds.give_back(row, left, awaiting=())


def _book(journal: Journal, dispute: Dispute, *, debit: str, credit: str) -> None:
    reference = dispute.obligation.reference
    ledger.post(journal, debit=debit, credit=credit, amount_minor=dispute.amount_minor, reference=reference)


def _bank(row: Obligation) -> str:
    return f"bank:{row.reference}"


def _tell(row: Obligation, made: dict[str, Any]) -> None:
    """A person must answer the bank; when it has decided, that is told too."""
    detail = f"{made['id']}: {made['amount']} {made['currency']}, {made['reason']}: {made['status']}"
    open_ones = Task.objects.filter(subject=row.ref, code="dispute", detail__startswith=f"{made['id']}:")
    tasks.close_tasks(open_ones.exclude(detail=detail))
    tasks.open_task(subject=row.ref, code="dispute", detail=detail)


def _payouts(row: Obligation) -> QuerySet[Obligation]:
    rows = Obligation.objects.filter(round_ref=row.round_ref, kind__in=Obligation.PAYS)
    return rows.exclude(state=Owed.DEFAULTED)


@transaction.atomic
def _cover(dispute: Dispute) -> bool:
    """Each payee bears its part; what was paid out already stays so, and is the platform's loss."""
    row = dispute.obligation
    journal = ledger.lock(row.journal_id)
    payouts = list(_payouts(row).order_by("pk"))
    lost = Dispute.objects.filter(pk=dispute.pk, state=State.LOST, covered_at=None)
    if any(_moves(payout) for payout in payouts) or lost.update(covered_at=clock.now()) != 1:
        return False
    held = {payout.ref: refunds.refundable(payout) for payout in payouts}
    parts = split_largest_remainder(min(dispute.amount_minor, sum(held.values())), held, charge_step(row.currency))
    waiting = [(each, parts[each.ref]) for each in payouts if each.state == Owed.HELD_FOR_SELLER and parts[each.ref]]
    for payout, part in waiting:
        _write_off(journal, payout, part, dispute)
    borne = _borne_by_balance(journal, dispute) if balances.is_balance(journal) else sum(part for _, part in waiting)
    if rest := dispute.amount_minor - borne:
        words = f"{dispute.stripe_id}: {minor_text(rest, row.currency)} is the platform's loss"
        tasks.open_task(subject=row.ref, code="dispute_lost", detail=words)
    return True


def _borne_by_balance(journal: Journal, dispute: Dispute) -> int:
    """What was paid in and is not spent bears the loss of a top-up, after the losses of before."""
    taken = Dispute.objects.filter(obligation__journal=journal, state__in=Dispute.TAKEN, covered_at=None)
    others = taken.exclude(pk=dispute.pk).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    before = balances.standing(journal).available_minor + others + dispute.amount_minor
    return min(dispute.amount_minor, max(0, before))


def _moves(payout: Obligation) -> bool:
    """Whether a transfer is due or may yet arrive: nothing is decided over it before that is known."""
    if payout.state in (Owed.PENDING, Owed.UNKNOWN):
        return True
    lately = clock.now() - attempts.QUIET - timedelta(seconds=1)
    asked = Attempt.objects.filter(subject=payout.ref, verb="transfer", state=Attempt.State.ASKED)
    return payout.state == Owed.HELD_FOR_SELLER and asked.filter(last_at__gt=lately).exists()


def _write_off(journal: Journal, payout: Obligation, part: int, dispute: Dispute) -> None:
    """The seller gets so much less; what is left goes its way under a new key, for its amount is another."""
    market, lost = ledger.market_account(journal), ledger.disputed_account(journal)
    ledger.post(journal, debit=market, credit=lost, amount_minor=part, reference=payout.reference)
    if part == payout.amount_minor:
        payout.state, payout.settled_at = Owed.DEFAULTED, clock.now()
        payout.last_error = f"{LOST} {dispute.stripe_id}"
    else:
        payout.amount_minor -= part
        payout.attempt += 1
    payout.save(update_fields=["state", "settled_at", "last_error", "amount_minor", "attempt"])
