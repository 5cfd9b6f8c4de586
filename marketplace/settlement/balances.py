"""Balances: what principals have paid in before, or owe in small; one a currency, moved in our books alone."""

from typing import NamedTuple

from django.db.models import Q, Sum

from marketplace.agents.models import Principal
from marketplace.core import clock
from marketplace.core.money import least_charge, minor_text
from marketplace.core.refs import new_ref
from marketplace.core.refusals import Refusal
from marketplace.settlement import ledger
from marketplace.settlement.models import Authorisation, Balance, Dispute, Journal, Obligation, Transfer

Kind, State = Obligation.Kind, Obligation.State
OPEN = (State.PENDING, State.UNKNOWN)
PREFIX = "balance:"
HOUSE = "house"  # what the operators set aside themselves


class Standing(NamedTuple):
    """How a balance stands, in minor units: what may be promised, and what is not at hand or not there yet."""

    available_minor: int  # below nought: owed, in sums that are too small for a card
    held_minor: int  # promised to markets
    returning_minor: int  # on its way back to the card
    coming_minor: int  # on its way in
    disputed_minor: int  # taken back through a bank, or about to be: not to be used, and not collected again

    @property
    def owed_minor(self) -> int:
        """What is owed and not being collected yet."""
        return max(0, -(self.available_minor + self.coming_minor + self.disputed_minor))


def balance_of(principal: Principal, currency: str) -> Balance:
    """The principal's balance in this currency, made where there is none."""
    name = account_of(principal.ref, currency)
    journal, _ = Journal.objects.get_or_create(name=name, defaults={"currency": currency})
    balance, _ = Balance.objects.get_or_create(principal=principal, currency=currency, defaults={"journal": journal})
    return balance


def account_of(principal_ref: str, currency: str) -> str:
    """The name of a balance's account, and of its books."""
    return f"{PREFIX}{principal_ref}:{currency}"


def is_balance(journal: Journal) -> bool:
    """Whether these are the books of a balance, not of a market."""
    return journal.name.startswith(PREFIX)


def standing(journal: Journal) -> Standing:
    """How the balance of these books stands; exact under the lock of its journal.

    One statement reads all transfers: a hold that is posted meanwhile counts once, as the hold or as what it moved.
    """
    account = journal.name
    out, into = Q(debit=account), Q(credit=account)
    moves, closes, held = Q(kind__in=ledger.MOVES), Q(kind__in=ledger.CLOSES), Q(kind=ledger.Kind.PENDING)
    sums = Transfer.objects.filter(out | into).aggregate(
        gained=Sum("amount_minor", filter=into & moves),
        gone=Sum("amount_minor", filter=out & moves),
        held=Sum("amount_minor", filter=out & held),
        closed=Sum("amount_minor", filter=out & closes),
        promised=Sum("amount_minor", filter=into & held),
        kept=Sum("amount_minor", filter=into & closes),
    )
    of = {name: sum_ or 0 for name, sum_ in sums.items()}
    held_now, returning = of["held"] - of["closed"], _moving(journal, Kind.REFUND)
    coming = _moving(journal, Kind.COLLECT) + of["promised"] - of["kept"]
    taken = Dispute.objects.filter(obligation__journal=journal, state__in=Dispute.TAKEN)
    disputed = int(taken.aggregate(sum=Sum("amount_minor"))["sum"] or 0)
    available = of["gained"] - of["gone"] - held_now - returning - disputed
    return Standing(available, held_now, returning, coming, disputed)


def _moving(journal: Journal, kind: str) -> int:
    rows = Obligation.objects.filter(journal=journal, kind=kind, state__in=OPEN)
    return int(rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0)


def reserve_of_balance(*, journal: Journal, reference: str, principal: Principal, amount_minor: int) -> Authorisation:
    """Hold of what the principal has paid in; refused where not so much is available. Nobody is asked: it stands.

    The market's journal is locked before the balance's: so does everybody.
    """
    balance = balance_of(principal, journal.currency) if amount_minor else None
    if balance is not None:
        journal, purse = ledger.lock(journal.pk), ledger.lock(balance.journal_id)
        _refuse_beyond(purse, amount_minor)
        ledger.hold(
            journal,
            debit=purse.name,
            credit=ledger.market_account(journal),
            amount_minor=amount_minor,
            reference=reference,
        )
    at = clock.now()
    return Authorisation.objects.create(
        ref=new_ref("aut"),
        journal=journal,
        reference=reference,
        principal=principal,
        balance=balance,
        amount_minor=amount_minor,
        currency=journal.currency,
        state=Authorisation.State.AUTHORISED,
        created_at=at,
        updated_at=at,
    )


def refuse_owing(principal: Principal, currency: str) -> None:
    """Refuse who owes so much that a card could be charged it, and could not be."""
    balance = Balance.objects.filter(principal=principal, currency=currency).select_related("journal").first()
    owed = standing(balance.journal).owed_minor if balance is not None else 0
    if owed >= least_charge(currency):
        words = minor_text(owed, currency)
        raise Refusal(
            402,
            "balance_owed",
            f"{words} is owed for small charges of before, and no card could be charged it.",
            f"Pay {words} or more in: POST balances/{currency}/top-ups/, or your person at /me/.",
            extra={"currency": currency, "owed_minor": owed},
        )


def _refuse_beyond(purse: Journal, amount_minor: int) -> None:
    available = standing(purse).available_minor
    if amount_minor > available:
        raise too_low(purse.currency, available, amount_minor)


def too_low(currency: str, available_minor: int, wanted_minor: int) -> Refusal:
    """The refusal where a balance does not bear it, with what is missing."""
    missing, has = wanted_minor - available_minor, minor_text(max(available_minor, 0), currency)
    return Refusal(
        402,
        "balance_too_low",
        f"The balance has {has} available, this takes {minor_text(wanted_minor, currency)}.",
        f"Pay {minor_text(missing, currency)} or more in: POST balances/{currency}/top-ups/, or your person at /me/.",
        extra={"currency": currency, "available_minor": available_minor, "missing_minor": missing},
    )


def add_to_hold(journal: Journal, old: Authorisation, new: Authorisation) -> bool:
    """A raise: what it adds was held beside, and both are one hold from now on; under the journal's lock."""
    place, whole, at = old.reference, old.amount_minor + new.amount_minor, clock.now()
    beside = {"reference": f"{new.reference}:before", "state": Authorisation.State.RELEASED, "updated_at": at}
    gone = [entry for held in ledger.open_holds(journal, place, new.reference) for entry in ledger.letting_go(held)]
    account, market = balance_of(new.principal, journal.currency).journal.name, ledger.market_account(journal)
    ledger.append(journal, [*gone, ledger.Entry(ledger.Kind.PENDING, account, market, whole, place)])
    Authorisation.objects.filter(pk=old.pk).update(**beside)
    Authorisation.objects.filter(pk=new.pk).update(reference=place, amount_minor=whole, updated_at=at)
    return True


def pay_from_balances(journal: Journal, rows: list[Obligation]) -> None:
    """Post what these collects owe out of the holds behind them, and let the rest go; under the journal's lock."""
    owed = {row.reference: row.amount_minor for row in rows}
    for held in ledger.open_holds(journal, *owed):
        ledger.post_hold(journal, held, owed[held.row.reference])
    for row in rows:
        hold = Authorisation.objects.filter(pk=row.authorisation_id)
        state = Authorisation.State.CAPTURED
        hold.update(state=state, captured_minor=row.amount_minor, due_at=None, updated_at=clock.now())


def release_to_balances(journal: Journal, holds: list[Authorisation]) -> int:
    """Let go of holds of balances, at once; under the journal's lock."""
    for held in ledger.open_holds(journal, *(row.reference for row in holds)):
        ledger.void_hold(journal, held)
    rows = Authorisation.objects.filter(pk__in=[row.pk for row in holds])
    return rows.update(state=Authorisation.State.RELEASED, release_due=True, due_at=None, updated_at=clock.now())
