"""Rounds: once all collects of a round have come to rest, it is paid out, or undone where a payer defaulted."""

from django.db import transaction

from marketplace.core import clock, sweeps
from marketplace.settlement import balances, ledger, refunds, subsidies
from marketplace.settlement.models import Journal, Obligation

State, Kind = Obligation.State, Obligation.Kind
OPEN = (State.PENDING, State.UNKNOWN)


def conclude(journal: Journal, rows: list[Obligation]) -> None:
    """See which of these rows' rounds are collected now; under the journal's lock."""
    for round_ref in sorted({row.round_ref for row in rows}):
        conclude_round(journal, round_ref)


def conclude_round(journal: Journal, round_ref: str) -> None:
    """Let the payouts begin, book surplus and residue; or undo the round where anybody defaulted."""
    collects = Obligation.objects.filter(round_ref=round_ref, kind=Kind.COLLECT)
    if collects.filter(state__in=OPEN).exists():
        return
    if collects.filter(state=State.DEFAULTED).exists():
        _undo(journal, round_ref, "a payer of the round defaulted")
        return
    for hold in ledger.open_holds(journal, round_ref):
        ledger.post_hold(journal, hold, hold.left)
    waiting = Obligation.objects.filter(round_ref=round_ref, kind=Kind.PAYOUT, state=State.PENDING, due_at=None)
    if waiting.update(due_at=clock.now()):
        sweeps.nudge("settlement.payouts")


@transaction.atomic
def undo_round(*, journal: Journal, round_ref: str, reason: str) -> int:
    """Give back what a round collected and pay out nothing; how many refunds that makes.

    Only while nobody was paid: of what was paid out, each refund is a decision of its own.
    """
    return _undo(ledger.lock(journal.pk), round_ref, reason)


def _undo(journal: Journal, round_ref: str, reason: str) -> int:
    """Nobody pays, nobody is paid: a market that cannot be settled as it was cleared is not settled in part."""
    at = clock.now()
    rows = Obligation.objects.filter(round_ref=round_ref)
    payouts = rows.filter(kind=Kind.PAYOUT)
    moving = payouts.exclude(state__in=(State.PENDING, State.HELD_FOR_SELLER, State.DEFAULTED))
    if moving.exists() or payouts.filter(state=State.PENDING, due_at__isnull=False).exists():
        return 0
    payouts.filter(state__in=(State.PENDING, State.HELD_FOR_SELLER)).update(
        state=State.DEFAULTED, settled_at=at, due_at=None, last_error=reason[:200]
    )
    dropped = ledger.open_holds(journal, round_ref)
    for hold in dropped:
        ledger.void_hold(journal, hold)
    subsidies.keep(journal, dropped)
    unbooked = {hold.row.credit for hold in dropped}
    collected = rows.filter(kind=Kind.COLLECT, state=State.PAID).select_related("principal", "journal")
    paid = [(row, refunds.refundable(row) + _arrears(row, unbooked)) for row in collected]
    return len([refunds.give_back(row, left, awaiting=()) for row, left in paid if left])


def _arrears(row: Obligation, unbooked: set[str]) -> int:
    """What was charged beside the round for older debts, where it was not booked on the balance yet."""
    return row.arrears_minor if balances.account_of(row.principal.ref, row.currency) in unbooked else 0
