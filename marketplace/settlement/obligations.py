"""Obligations: what an outcome makes payers owe and payees be owed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from marketplace.core import clock, sweeps
from marketplace.core.money import least_charge
from marketplace.core.refs import new_ref
from marketplace.settlement import arrears, balances, ledger, refunds, releases, rounds, subsidies, tasks, work
from marketplace.settlement.charges import CHARGE
from marketplace.settlement.collects import CAPTURE
from marketplace.settlement.models import Authorisation, Journal, Obligation
from marketplace.settlement.payouts import TRANSFER

State, Kind, Way = Obligation.State, Obligation.Kind, Obligation.Way
OPEN = (State.PENDING, State.UNKNOWN)
NOTHING: Mapping[str, int] = MappingProxyType({})
OPERATIONS = (CAPTURE, CHARGE, TRANSFER, refunds.REVERSAL, refunds.REFUND)


@dataclass(frozen=True, slots=True)
class Summary:
    """How far a round is: `settled` once nothing moves any more, and how many obligations are in which state."""

    settled: bool
    obligations: dict[str, int]
    authorisations: dict[str, int]


def record_obligations(
    *,
    journal: Journal,
    round_ref: str,
    collects: Mapping[str, int],
    payouts: Mapping[str, int],
    principals: Mapping[str, int],
    surplus_minor: int,
    residue_minor: int,
    from_deposits: bool = False,
    fees: Mapping[str, int] = NOTHING,
    deficit_minor: int = 0,
) -> list[Obligation]:
    """The obligations of a cleared round; inside the clearing's transaction. All other holds will be let go.

    `from_deposits`: what is collected are the deposits of those who did not pay a round. `fees`: what is kept beside
    each payout. `deficit_minor`: what the house pays in, out of what is held for the market.
    """
    if (
        sum(collects.values()) + deficit_minor
        != sum(payouts.values()) + sum(fees.values()) + surplus_minor + residue_minor
    ):
        raise ValueError(f"{round_ref}: what is collected is not what is given out")
    journal = ledger.lock(journal.pk)
    subsidies.pay_in(journal, round_ref, deficit_minor)
    owing = _collects(journal, round_ref, collects, from_deposits)
    if not from_deposits:
        arrears.add_arrears(journal, round_ref, [row for row in owing if row.state == State.PENDING])
    made = [*owing, *_payouts(journal, round_ref, payouts, principals, fees)]
    Obligation.objects.bulk_create(made)
    small = [row for row in owing if row.way == Way.BALANCE]
    balances.pay_from_balances(journal, [row for row in small if _prepaid(row)])
    arrears.run_up(journal, [row for row in small if not _prepaid(row)])
    _promise(journal, round_ref, ledger.surplus_account(journal), surplus_minor)
    _promise(journal, round_ref, ledger.fee_account(journal), sum(fees.values()))
    _promise(journal, round_ref, ledger.ROUNDING, residue_minor)
    releases.mark_releases(journal, keep=[row.reference for row in owing if row.way != Way.BALANCE])
    if collects:
        rounds.conclude_round(journal, round_ref)
    sweeps.nudge("settlement.collects")
    sweeps.nudge("settlement.charges")
    return list(Obligation.objects.filter(round_ref=round_ref).order_by("pk"))


def advance_obligation(obligation_id: int) -> Obligation:
    """Do now what is due for one obligation; what is not due, or in another worker's hands, is left alone."""
    for operation in OPERATIONS:
        work.carry_out(operation, work.take(operation, operation.rows().filter(pk=obligation_id)))
    return Obligation.objects.get(pk=obligation_id)


def settled(round_ref: str) -> Summary:
    """How far a round's obligations and its journal's holds are; money held for a seller rests, it does not move."""
    rows = Obligation.objects.filter(round_ref=round_ref)
    holds = Authorisation.objects.filter(journal__in=rows.values("journal"))
    owed = Counter(rows.values_list("state", flat=True))
    held = Counter(releases.holding(holds).values_list("state", flat=True))
    moving = sum(owed[state] for state in OPEN) + sum(held[state] for state in releases.OPEN)
    return Summary(moving == 0, dict(owed), dict(held))


def unsettled_count(journal: Journal) -> int:
    """Obligations and holds of a journal that still move."""
    owed = Obligation.objects.filter(journal=journal, state__in=OPEN).count()
    holds = Authorisation.objects.filter(journal=journal, state__in=releases.OPEN)
    return owed + releases.holding(holds).count()


def _collects(journal: Journal, round_ref: str, amounts: Mapping[str, int], from_deposits: bool) -> list[Obligation]:
    holds = {row.reference: row for row in Authorisation.objects.filter(journal=journal, reference__in=list(amounts))}
    made = []
    for reference, amount in amounts.items():
        hold = holds.get(reference)
        later = hold is not None and hold.later_minor > 0 and not from_deposits
        if hold is None or amount > (hold.later_minor if later else hold.amount_minor):
            raise ValueError(f"{round_ref}: {reference} is charged {amount}, which no hold covers")
        if amount:
            row = _obligation(journal, round_ref, Kind.COLLECT, reference, hold.principal_id, amount)
            small = hold.balance_id is not None or amount < least_charge(journal.currency)
            row.way = Way.BALANCE if small else Way.CHARGE if later else Way.CAPTURE
            made.append(_collect(row, hold))
    return made


def _collect(row: Obligation, hold: Authorisation) -> Obligation:
    """Due at once; or a default at once, where Stripe has let the hold go (it expired, or the bank took it back).

    What is held of a balance, or is too small for a card, is paid by its being written down.
    """
    row.authorisation, row.due_at = hold, row.created_at
    if row.way == Way.BALANCE:
        row.state, row.due_at, row.settled_at = State.PAID, None, row.created_at
    if row.way == Way.CAPTURE and hold.state != Authorisation.State.AUTHORISED:
        row.state, row.due_at, row.settled_at = State.DEFAULTED, None, row.created_at
        row.last_error = f"hold_gone: the hold is {hold.state}"
        tasks.open_task(subject=row.ref, code="payer_defaulted", detail=row.last_error)
    return row


def _prepaid(row: Obligation) -> bool:
    return row.authorisation is not None and row.authorisation.balance_id is not None


def _payouts(
    journal: Journal,
    round_ref: str,
    amounts: Mapping[str, int],
    principals: Mapping[str, int],
    fees: Mapping[str, int],
) -> list[Obligation]:
    """Payouts become due when the last collect is paid."""
    made = []
    for reference, amount in amounts.items():
        if amount:
            row = _obligation(journal, round_ref, Kind.PAYOUT, reference, principals[reference], amount)
            row.fee_minor = fees.get(reference, 0)
            made.append(row)
    return made


def _obligation(
    journal: Journal, round_ref: str, kind: str, reference: str, principal_id: int, amount: int
) -> Obligation:
    return Obligation(
        ref=new_ref("obl"),
        journal=journal,
        round_ref=round_ref,
        kind=kind,
        reference=reference,
        principal_id=principal_id,
        amount_minor=amount,
        currency=journal.currency,
        created_at=clock.now(),
    )


def _promise(journal: Journal, round_ref: str, account: str, amount_minor: int) -> None:
    """Surplus, fees and residue are promised now and booked when the round's money is in."""
    if amount_minor:
        ledger.hold(
            journal,
            debit=ledger.market_account(journal),
            credit=account,
            amount_minor=amount_minor,
            reference=round_ref,
        )
