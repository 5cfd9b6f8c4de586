"""Arrears: charges too small for any card run up on the payer's balance, and are collected together."""

from django.db.models import F

from marketplace.core import clock
from marketplace.core.money import least_charge
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.settlement import balances, ledger, top_ups
from marketplace.settlement.models import Authorisation, Balance, Journal, Obligation


def run_up(journal: Journal, rows: list[Obligation]) -> None:
    """Book what these collects owe on their payers' balances, and collect what has become enough for a card.

    The market has its money at once, so sellers are paid; whoever owes is charged later. Under the journal's lock.
    """
    for row, purse in _with_purses(rows):
        market = ledger.market_account(journal)
        ledger.post(journal, debit=purse.name, credit=market, amount_minor=row.amount_minor, reference=row.reference)
        promise = Authorisation.objects.filter(pk=row.authorisation_id)
        promise.update(captured_minor=F("captured_minor") + row.amount_minor, updated_at=clock.now())
        _collect(purse, row)


def add_arrears(journal: Journal, round_ref: str, rows: list[Obligation]) -> None:
    """What payers owe from before joins what they are charged now, as far as what was agreed to covers it.

    It is promised to the balance as surplus is: booked when the round is collected, dropped where the round is undone.
    """
    known = Balance.objects.filter(principal__in=[row.principal_id for row in rows], currency=journal.currency)
    owing = set(known.values_list("principal_id", flat=True))
    for row, purse in _with_purses([row for row in rows if row.principal_id in owing]):
        more = min(balances.standing(purse).owed_minor, _cover(row) - row.amount_minor)
        if more > 0:
            row.amount_minor, row.arrears_minor = row.amount_minor + more, more
            market = ledger.market_account(journal)
            ledger.hold(journal, debit=market, credit=purse.name, amount_minor=more, reference=round_ref)


def _with_purses(rows: list[Obligation]) -> list[tuple[Obligation, Journal]]:
    """Each row with its payer's balance, locked in the one order in which everybody locks them."""
    made = [(row, balances.balance_of(row.principal, row.currency)) for row in rows]
    return [(row, ledger.lock(purse.journal_id)) for row, purse in sorted(made, key=lambda pair: pair[1].pk)]


def _cover(row: Obligation) -> int:
    hold = row.authorisation
    return 0 if hold is None else hold.later_minor or hold.amount_minor


def _collect(purse: Journal, row: Obligation) -> None:
    owed = balances.standing(purse).owed_minor
    if owed < least_charge(purse.currency):
        return
    try:
        top_ups.begin(purse, row.principal, owed, new_ref("run"), due_at=clock.now())
    except Refusal:  # there is no card any more: it stays owed, and the next join is refused until it is paid in
        return
