"""Proof that a journal is whole: its chain, its holds, its balances, and that Stripe's books say the same."""

from collections import defaultdict
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Sum

from marketplace.settlement import balances, books, guards, ledger
from marketplace.settlement.models import Authorisation, Dispute, Journal, Transfer

AUTHORISED = Authorisation.State.AUTHORISED
PAYERS = ("payer:", balances.PREFIX)
HOUSE = f"{balances.PREFIX}{balances.HOUSE}:"  # holds of its own stand behind no participation


def verify_journal(journal: Journal) -> list[str]:
    """Everything that is wrong with a journal, in words; empty when nothing is.

    Locked while its rows are read: a row that is written meanwhile is not a fault.
    """
    with transaction.atomic():
        journal = ledger.lock(journal.pk)
        rows = list(journal.transfers.select_related("pending").order_by("seq"))
        faults = [*_chain(journal, rows), *_holds(journal, rows), *_open(journal, rows), *_sums(journal, rows)]
        return [*faults, *_banks(journal), *_overdrawn(journal)]


def verify_all(*, with_stripe: bool = True) -> Iterator[tuple[Journal, list[str]]]:
    """Every journal with what is wrong with it, and with what Stripe's books say otherwise."""
    for journal in Journal.objects.order_by("pk").iterator():
        yield journal, [*verify_journal(journal), *(_against_stripe(journal) if with_stripe else ())]


def verify_guards() -> list[str]:
    """The guards that the database lacks, in words."""
    return [f"the guard {name} is missing: manage.py ledger_guards" for name in guards.missing()]


def _against_stripe(journal: Journal) -> Iterator[str]:
    if journal.head_seq or journal.authorisations.exists():
        for each in books.differences(journal):
            yield f"{each.subject}: {each.code.replace('_', ' ')}: {each.detail}"


def _chain(journal: Journal, rows: list[Transfer]) -> Iterator[str]:
    head = "0" * 64
    for place, row in enumerate(rows, start=1):
        if row.seq != place:
            yield f"row {row.seq} stands where row {place} should"
        if row.prev_hash != head:
            yield f"row {row.seq} does not continue the row before it"
        if row.hash != ledger.digest(row, journal.name):
            yield f"row {row.seq} was changed after it was written"
        head = row.hash
    if (journal.head_seq, journal.head_hash) != (len(rows), head):
        yield f"the head says row {journal.head_seq}, the last row is {len(rows)}"


def _holds(journal: Journal, rows: list[Transfer]) -> Iterator[str]:
    left: dict[int, int] = {row.pk: row.amount_minor for row in rows if row.kind == ledger.Kind.PENDING}
    for row in rows:
        closes = row.kind in ledger.CLOSES
        if closes != (row.pending_id is not None):
            yield f"row {row.seq} is {row.kind} and {'closes no hold' if closes else 'names a hold'}"
        elif row.pending is not None and row.pending_id not in left:
            yield f"row {row.seq} closes row {row.pending.seq}, which is no hold of this journal"
        elif row.pending is not None:
            left[row.pending.pk] -= row.amount_minor
            if left[row.pending.pk] < 0:
                yield f"row {row.seq} takes more than the hold of row {row.pending.seq}"
            if (row.debit, row.credit) != (row.pending.debit, row.pending.credit):
                yield f"row {row.seq} goes between other accounts than its hold"


def _open(journal: Journal, rows: list[Transfer]) -> Iterator[str]:
    """What payers are held for in the books is what their authorisations hold, to the unit."""
    left: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.debit.startswith(PAYERS) and not row.debit.startswith(HOUSE) and row.kind != ledger.Kind.POSTED:
            left[row.reference] += row.amount_minor * (-1 if row.kind in ledger.CLOSES else 1)
    held = dict(journal.authorisations.filter(state=AUTHORISED).values_list("reference", "amount_minor"))
    for reference in sorted(left.keys() | held.keys()):
        if left[reference] != held.get(reference, 0):
            yield f"{reference} is held for {left[reference]}, its authorisation says {held.get(reference, 0)}"


def _banks(journal: Journal) -> Iterator[str]:
    """What banks took back is what the disputes say that are open or lost."""
    taken = sum(amount for account, amount in ledger.balances(journal).items() if account.startswith("bank:"))
    rows = Dispute.objects.filter(obligation__journal=journal, state__in=Dispute.TAKEN)
    if taken != (said := sum(rows.values_list("amount_minor", flat=True))):
        yield f"banks took {taken} back, the disputes say {said}"


def _overdrawn(journal: Journal) -> Iterator[str]:
    """Of a balance no more is promised or gone than was paid in, but for the small charges that ran up on it."""
    if not balances.is_balance(journal):
        return
    small = Transfer.objects.filter(debit=journal.name, kind=ledger.Kind.POSTED).exclude(journal=journal)
    run_up = small.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    now = balances.standing(journal)
    if (left := now.available_minor + now.disputed_minor + run_up) < 0:
        yield f"the balance is overdrawn by {-left}"


def _sums(journal: Journal, rows: list[Transfer]) -> Iterator[str]:
    totals: dict[str, int] = defaultdict(int)
    market = ledger.market_account(journal)
    for row in rows:
        if row.currency != journal.currency:
            yield f"row {row.seq} is in {row.currency}, the journal in {journal.currency}"
        if row.kind in ledger.MOVES:
            totals[row.debit] -= row.amount_minor
            totals[row.credit] += row.amount_minor
            if totals[market] < 0:
                yield f"after row {row.seq} the market has given more than it got"
    if ledger.balances(journal) != totals or sum(totals.values()) != 0:
        yield "the balances do not add up to the rows"
