"""Top-ups and withdrawals: one charge of a saved card onto its owner's balance, and what is unused back to the card."""

from datetime import datetime

from django.db import transaction

from marketplace.agents.models import Principal
from marketplace.core import clock
from marketplace.core.idempotency import reused
from marketplace.core.limits import MAX_CHARGE_MINOR
from marketplace.core.money import CURRENCIES, charge_step, least_charge, minor_text
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.settlement import authorisations, balances, ledger, refunds, work
from marketplace.settlement.charges import CHARGE
from marketplace.settlement.models import Journal, Obligation

State, Kind, Way = Obligation.State, Obligation.Kind, Obligation.Way


def top_up(*, principal: Principal, currency: str, amount_minor: int, name: str, purse: str = "") -> Obligation:
    """Charge the card and put it on the balance; outside any transaction. The same `name` again resumes.

    Answers the charge: `paid`, or `pending` or `unknown` until the processor has answered clearly. Refused: no card,
    a card that declines, an amount that no card can be charged.
    """
    check_amount(amount_minor, currency)
    row = _begun(principal, currency, amount_minor, name, purse)
    if row.amount_minor != amount_minor:
        raise reused()
    mine = CHARGE.rows().filter(pk=row.pk, state=State.PENDING)
    work.carry_out(CHARGE, work.take(CHARGE, mine, due_only=False))
    row.refresh_from_db()
    if row.state == State.DEFAULTED:
        raise _declined(row)
    return row


@transaction.atomic
def _begun(principal: Principal, currency: str, amount_minor: int, name: str, purse: str) -> Obligation:
    """The charge to be made, stored before anybody is asked; the one that there is already, for a repeat."""
    balance = balances.balance_of(principal, currency)
    journal = ledger.lock(balance.journal_id)
    return Obligation.objects.filter(journal=journal, round_ref=name).first() or begin(
        journal, principal, amount_minor, name, purse
    )


def begin(
    journal: Journal,
    principal: Principal,
    amount_minor: int,
    name: str,
    purse: str = "",
    due_at: datetime | None = None,
) -> Obligation:
    """A charge of a saved card for a balance; under the lock of its journal."""
    promise = authorisations.reserve(
        journal=journal, reference=name, principal=principal, amount_minor=0, later_minor=amount_minor, purse=purse
    )
    at = clock.now()
    return Obligation.objects.create(
        ref=new_ref("obl"),
        journal=journal,
        round_ref=name,
        kind=Kind.COLLECT,
        way=Way.CHARGE,
        reference=name,
        principal=principal,
        authorisation=promise,
        amount_minor=amount_minor,
        currency=journal.currency,
        created_at=at,
        due_at=due_at or at + work.GRACE,
    )


@transaction.atomic
def withdraw(*, principal: Principal, currency: str, amount_minor: int) -> list[Obligation]:
    """Give what is unused back to the cards that it came from, the newest top-up first; the refunds to be made."""
    _check_currency(currency)
    balance = balances.balance_of(principal, currency)
    journal = ledger.lock(balance.journal_id)
    available = balances.standing(journal).available_minor
    if not 0 < amount_minor <= available or amount_minor % charge_step(currency):
        raise balances.too_low(currency, available, amount_minor) if amount_minor > available else _odd(currency)
    made = []
    for row in Obligation.objects.filter(journal=journal, kind=Kind.COLLECT, state=State.PAID).order_by("-pk"):
        back = min(amount_minor, refunds.refundable(row))
        if back:
            made.append(refunds.give_back(row, back, awaiting=()))
            amount_minor -= back
    return made


def check_amount(amount_minor: int, currency: str) -> None:
    """Refuse what no card can be charged."""
    _check_currency(currency)
    least = least_charge(currency)
    if not least <= amount_minor <= MAX_CHARGE_MINOR or amount_minor % charge_step(currency):
        bounds = " to ".join(minor_text(bound, currency) for bound in (least, MAX_CHARGE_MINOR))
        raise Refusal(
            422,
            "top_up_out_of_bounds",
            f"A top-up is {bounds}.",
            "Send an amount_minor between them.",
            "/amount_minor",
        )


def _check_currency(currency: str) -> None:
    if currency not in CURRENCIES:
        known = ", ".join(sorted(CURRENCIES))
        raise Refusal(404, "balance_not_found", f"There are no balances in {currency[:8]}.", f"Use one of {known}.")


def _odd(currency: str) -> Refusal:
    detail = f"A withdrawal is a multiple of {minor_text(charge_step(currency), currency)}, and more than nothing."
    return Refusal(422, "withdrawal_out_of_bounds", detail, "Correct amount_minor.", "/amount_minor")


def _declined(row: Obligation) -> Refusal:
    code = row.last_error.partition(":")[0]
    return Refusal(
        402,
        "payment_declined",
        f"The top-up of {minor_text(row.amount_minor, row.currency)} was declined ({code}).",
        "Use another payment method or a lower amount, with a new Idempotency-Key.",
        extra={"decline_code": code},
    )
