"""Subsidies: what the house set aside, and pays in where an exchange owes its sellers more than its buyers owe."""

from collections.abc import Sequence

from django.db import transaction

from marketplace.core import clock
from marketplace.core.limits import MAX_CHARGE_MINOR
from marketplace.core.money import CURRENCIES, charge_step, minor_text
from marketplace.core.refusals import Refusal
from marketplace.settlement import balances, ledger
from marketplace.settlement.models import Funding, Journal

OWN = "house:own"  # what the operators have at Stripe beside what they hold for others


def books(currency: str) -> Journal:
    """The books of what was set aside in this currency."""
    name = balances.account_of(balances.HOUSE, currency)
    return Journal.objects.get_or_create(name=name, defaults={"currency": currency})[0]


@transaction.atomic
def fund_subsidy(*, currency: str, amount_minor: int, by: str, reason: str) -> Funding:
    """Set money of the house aside: exchanges in this currency may open up to it."""
    if currency not in CURRENCIES or not 0 < amount_minor <= MAX_CHARGE_MINOR or amount_minor % charge_step(currency):
        words = (
            f"A funding is more than nothing, at most {minor_text(MAX_CHARGE_MINOR, currency)}, in a known currency."
        )
        raise Refusal(422, "funding_out_of_bounds", words, "Correct the amount.", "/amount_minor")
    if not reason.strip():
        raise Refusal(422, "reason_missing", "This needs a reason.", "Say why.", "/reason")
    journal, at = ledger.lock(books(currency).pk), clock.now()
    row = Funding.objects.create(
        journal=journal, currency=currency, amount_minor=amount_minor, by=by, reason=reason[:200], at=at
    )
    ledger.post(journal, debit=OWN, credit=journal.name, amount_minor=amount_minor, reference=f"funding:{row.pk}")
    return row


def hold_subsidy(*, journal: Journal, amount_minor: int) -> None:
    """Hold what a market's rule may come to lack; refused where the house has not so much. In a transaction."""
    if not amount_minor:
        return
    journal, purse = ledger.lock(journal.pk), ledger.lock(books(journal.currency).pk)
    available = balances.standing(purse).available_minor
    if amount_minor > available:
        raise _too_low(journal.currency, available, amount_minor)
    _hold(journal, purse.name, amount_minor, journal.name)


def pay_in(journal: Journal, round_ref: str, amount_minor: int) -> None:
    """Promise a round what it lacks, out of what is held for its market; under the journal's lock."""
    if not amount_minor:
        return
    (held,) = ledger.open_holds(journal, journal.name)
    if amount_minor > held.left:
        raise ValueError(f"{round_ref} lacks {amount_minor}, of which {held.left} is held")
    ledger.void_hold(journal, held)
    _hold(journal, held.row.debit, amount_minor, round_ref)
    if held.left > amount_minor:
        _hold(journal, held.row.debit, held.left - amount_minor, journal.name)


def keep(journal: Journal, dropped: Sequence[ledger.OpenHold]) -> None:
    """A round was undone: what it was promised is held for the next one of its market."""
    for held in dropped:
        if is_subsidy(held):
            rest = ledger.open_holds(journal, journal.name)
            for each in rest:
                ledger.void_hold(journal, each)
            _hold(journal, held.row.debit, held.left + sum(each.left for each in rest), journal.name)


def let_go(journal: Journal) -> None:
    """The market is over: what was held for it and not needed is free again; under the journal's lock."""
    for held in ledger.open_holds(journal, journal.name):
        ledger.void_hold(journal, held)


def is_subsidy(held: ledger.OpenHold) -> bool:
    """Whether this hold is of what the house set aside."""
    return held.row.debit.startswith(f"{balances.PREFIX}{balances.HOUSE}:")


def _hold(journal: Journal, account: str, amount_minor: int, reference: str) -> None:
    market = ledger.market_account(journal)
    ledger.hold(journal, debit=account, credit=market, amount_minor=amount_minor, reference=reference)


def _too_low(currency: str, available: int, wanted: int) -> Refusal:
    has, needs = minor_text(available, currency), minor_text(wanted, currency)
    return Refusal(
        409,
        "subsidy_too_low",
        f"The rule may lack up to {needs}, its deficit_cap; the house has {has} set aside for that.",
        "Have an operator fund it in the admin (Fundings), or set a lower deficit_cap.",
        extra={"available_minor": available, "needed_minor": wanted},
    )
