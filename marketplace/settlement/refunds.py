"""Refunds: captured money back to who paid it, and what was paid out of it back from who got it, in one saga."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Sum

from marketplace.core import clock, sweeps
from marketplace.core.money import charge_step, minor_text, split_largest_remainder
from marketplace.core.refusals import Refusal
from marketplace.settlement import answers, balances, calls, fees, ledger, tasks, work
from marketplace.settlement.gateway import Absent, Declined, Done, Result
from marketplace.settlement.models import Authorisation, Dispute, Journal, Obligation
from marketplace.settlement.returns import compensate, returning

State, Kind, Way = Obligation.State, Obligation.Kind, Obligation.Way
OPEN = (State.PENDING, State.UNKNOWN)
NOT_YET = "balance_insufficient"  # the account has not so much now; it may have later
SELDOM = timedelta(hours=1)


@transaction.atomic
def refund(*, obligation: Obligation, amount_minor: int | None = None, payee: str = "") -> Obligation:
    """Give (part of) a collect back; who was paid out of it gives back first, each in its proportion.

    `payee`: the reference of the one payee who gives it back.

    Refused where it was not collected, is given back already, or while payouts of its round still move.
    """
    journal = ledger.lock(obligation.journal_id)
    row = Obligation.objects.get(pk=obligation.pk)
    left = refundable(row)
    amount = left if amount_minor is None else amount_minor
    if row.kind != Kind.COLLECT or row.state != State.PAID or not 0 < amount <= left or amount % _step(row):
        raise _refused(row, left)
    paid = Obligation.objects.filter(round_ref=row.round_ref, kind__in=Obligation.PAYS).exclude(state=State.DEFAULTED)
    payouts = list(paid.order_by("pk"))
    payouts = [payout for payout in payouts if payee in ("", payout.reference)]
    if any(payout.state not in (State.PAID, State.REFUNDED) for payout in payouts):
        raise Refusal(
            409, "round_still_moving", "Payouts of this round are not made yet.", "Wait until they rest, then repeat."
        )
    reversals, surplus = _reversals(journal, row, amount, payouts)
    return give_back(row, amount, reversals, surplus)


def refundable(row: Obligation) -> int:
    """What was collected and can be given back: not what a bank took, and of a top-up only what its balance has."""
    disputed = row.disputes.filter(state__in=Dispute.TAKEN).aggregate(total=Sum("amount_minor"))["total"] or 0
    left = _left_of(row) - int(disputed)
    has = balances.standing(row.journal).available_minor if balances.is_balance(row.journal) else left
    return max(0, min(left, has))


def _left_of(row: Obligation) -> int:
    back = row.returns.exclude(state=State.DEFAULTED).aggregate(total=Sum("amount_minor"))["total"] or 0
    return row.amount_minor - row.arrears_minor - int(back)


def give_back(row: Obligation, amount_minor: int, awaiting: Sequence[Obligation], surplus_minor: int = 0) -> Obligation:
    """Promise a refund; it is due at once, or when the last reversal that it awaits is in."""
    made = returning(row, Kind.REFUND, amount_minor)
    made.fee_minor, made.due_at = surplus_minor, None if awaiting else made.created_at
    made.save(force_insert=True)
    for reversal in awaiting:
        reversal.unlocks = made
        reversal.save(force_insert=True)
    sweeps.nudge("settlement.refunds")
    return made


def _reversals(
    journal: Journal, row: Obligation, amount: int, payouts: list[Obligation]
) -> tuple[list[Obligation], int]:
    """What payees give back: of what they hold, in proportion, with its fee; and the rest, which is the surplus's."""
    held = {payout.ref: refundable(payout) + fees.fee_left(payout) for payout in payouts}
    shares = split_largest_remainder(min(amount, sum(held.values())), held, _step(row))
    rest = amount - sum(shares.values())
    if rest:
        surplus, had = ledger.surplus_account(journal), ledger.balances(journal)
        if had.get(surplus, 0) < rest:
            raise _refused(row, refundable(row))
        market = ledger.market_account(journal)
        ledger.post(journal, debit=surplus, credit=market, amount_minor=rest, reference=row.reference)
    by_ref = {payout.ref: payout for payout in payouts}
    made = [_reversal(by_ref[ref], share) for ref, share in shares.items() if share]
    fees.give_back_fees(journal, made)
    return made, rest


def _reversal(payout: Obligation, share: int) -> Obligation:
    """A part of what a payee sold for: what was kept of it comes from the fee."""
    fee = fees.fee_of(share, payout, refundable(payout))
    made = returning(payout, Kind.REVERSAL, share - fee)
    made.fee_minor, made.due_at = fee, made.created_at
    return made


def _step(row: Obligation) -> int:
    return charge_step(row.currency)


def _refused(row: Obligation, left: int) -> Refusal:
    return Refusal(
        409,
        "not_refundable",
        f"Of {row.ref} at most {minor_text(left if row.state == State.PAID else 0, row.currency)} can be given back.",
        "Look at the obligation's state, at what was refunded before, and for a dispute of its card's holder.",
    )


def _due(kind: str) -> Any:
    rows = Obligation.objects.filter(kind=kind, state__in=OPEN, due_at__isnull=False)
    return rows.select_related("of", "unlocks", "principal")


def _of(row: Obligation) -> Obligation:
    if row.of is None:
        raise ValueError(f"{row.ref} gives nothing back")
    return row.of


def _metadata(row: Obligation) -> dict[str, str]:
    return {"obligation": row.ref, "participation": row.reference}


def _send_refund(row: Obligation, key: str) -> Result:
    if _of(row).way == Way.BALANCE:
        return _to_balance(row)
    return calls.refund(charge=_of(row).stripe_id, amount=row.amount_minor, metadata=_metadata(row), key=key)


def _send_reversal(row: Obligation, key: str) -> Result:
    return calls.reverse(transfer=_of(row).stripe_id, amount=row.amount_minor, metadata=_metadata(row), key=key)


def _look_refund(row: Obligation) -> Result:
    if _of(row).way == Way.BALANCE:
        return _to_balance(row)
    return answers.made_for(row.ref, calls.list_refunds(charge=_of(row).stripe_id))


def _to_balance(row: Obligation) -> Done:
    """What came from a balance goes back to it by being noted: Stripe is not asked."""
    return Done({"id": row.ref, "amount": row.amount_minor, "currency": row.currency.lower()})


def _look_reversal(row: Obligation) -> Result:
    return answers.made_for(row.ref, calls.list_reversals(transfer=_of(row).stripe_id))


def note_returns(journal: Journal, answered: Sequence[tuple[Obligation, Result]]) -> None:
    """What became of refunds or reversals; under the journal's lock. A second answer finds nothing to change."""
    for row, result in answered:
        if isinstance(result, Done) and answers.agrees(row, result.object):
            _note_returned(journal, row, str(result.object["id"]))
        else:
            _note_trouble(journal, row, result)


def _note_trouble(journal: Journal, row: Obligation, result: Result) -> None:
    if isinstance(result, Done):
        answers.another_amount(row, result.object)
    elif isinstance(result, Absent):
        answers.begin_again(row)
    elif isinstance(result, Declined) and result.code == NOT_YET:
        answers.begin_again(row, result.detail, SELDOM.total_seconds())
        if row.kind == Kind.REVERSAL:  # the refund waits for it, and nobody else would hear of that
            tasks.open_task(subject=row.ref, code="reversal_declined", detail=f"{result.code}: {result.detail}")
    elif isinstance(result, Declined):
        _note_declined(journal, row, f"{result.code}: {result.detail}")
    else:
        answers.put_off(row, result)


def _note_declined(journal: Journal, row: Obligation, why: str) -> None:
    """A refund that Stripe declines is taken back as a whole; a reversal is tried until a person decides."""
    rows = Obligation.objects.filter(pk=row.pk, state__in=OPEN)
    tasks.open_task(subject=row.ref, code=f"{row.kind}_declined", detail=why)
    if row.kind == Kind.REVERSAL:
        answers.begin_again(row, why)
        rows.update(due_at=clock.now() + SELDOM)
    elif rows.update(state=State.DEFAULTED, due_at=None, settled_at=clock.now(), last_error=why[:200]) == 1:
        compensate(journal, row)


def _note_returned(journal: Journal, row: Obligation, stripe_id: str) -> None:
    paid: dict[str, Any] = {"state": State.PAID, "settled_at": clock.now(), "due_at": None, "last_error": ""}
    if Obligation.objects.filter(pk=row.pk, state__in=OPEN).update(stripe_id=stripe_id, **paid) != 1:
        return
    tasks.close_of(row.ref)
    market = ledger.market_account(journal)
    if row.kind == Kind.REFUND:
        debit, credit = market, _payer(_of(row))
    else:
        debit, credit = f"payee:{row.principal.ref}", market
    ledger.post(journal, debit=debit, credit=credit, amount_minor=row.amount_minor, reference=row.reference)
    source = _of(row)
    if row.kind == Kind.REFUND and source.way != Way.CAPTURE:
        charged = Authorisation.objects.filter(pk=source.authorisation_id)
        charged.update(captured_minor=F("captured_minor") - row.amount_minor)
    if _left_of(source) <= 0 and not source.returns.filter(state__in=OPEN).exists():
        Obligation.objects.filter(pk=source.pk, state=State.PAID).update(state=State.REFUNDED)
    _unlock(row)


def _payer(row: Obligation) -> str:
    """The account that a collect came from."""
    small = row.way == Way.BALANCE
    return balances.account_of(row.principal.ref, row.currency) if small else f"payer:{row.reference}"


def _unlock(row: Obligation) -> None:
    """The refund is due once the last of its reversals is in."""
    waiting = row.unlocks
    if waiting is not None and not waiting.awaits.exclude(state=State.PAID).exists():
        Obligation.objects.filter(pk=waiting.pk, state=State.PENDING, due_at=None).update(due_at=clock.now())
        sweeps.nudge("settlement.refunds")


REFUND: work.Operation[Obligation] = work.Operation(
    "refund", lambda: _due(Kind.REFUND), _send_refund, _look_refund, note_returns, claims=(("state", State.UNKNOWN),)
)
REVERSAL: work.Operation[Obligation] = work.Operation(
    "reversal",
    lambda: _due(Kind.REVERSAL),
    _send_reversal,
    _look_reversal,
    note_returns,
    claims=(("state", State.UNKNOWN),),
)


def sweep_refunds() -> int:
    """Bring back what was paid out, then give back what was collected."""
    return work.sweep(REVERSAL) + work.sweep(REFUND)
