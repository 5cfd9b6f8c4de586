"""Deposits: a flat sum that was held at joining goes to the sellers of a round when its payer does not pay."""

from collections import defaultdict

from django.db import transaction

from marketplace.core.money import charge_step, split_largest_remainder
from marketplace.settlement import ledger
from marketplace.settlement.models import Authorisation, Journal, Obligation
from marketplace.settlement.obligations import record_obligations

SUFFIX = ":deposit"


@transaction.atomic
def forfeit_deposits(*, journal: Journal, round_ref: str) -> list[Obligation]:
    """Collect the deposits of who defaulted in a round, for those who would have been paid, each in its proportion.

    They settle like a round of their own; asked again, nothing is added.
    """
    journal, forfeit_ref = ledger.lock(journal.pk), round_ref + SUFFIX
    known = list(Obligation.objects.filter(round_ref=forfeit_ref).order_by("pk"))
    if known:
        return known
    rows = Obligation.objects.filter(round_ref=round_ref)
    gone = rows.filter(kind=Obligation.Kind.COLLECT, state=Obligation.State.DEFAULTED)
    deposits = {row.reference: row.amount_minor for row in _deposits(journal, gone.values_list("reference", flat=True))}
    owed: dict[str, int] = defaultdict(int)
    principals: dict[str, int] = {}
    for row in rows.filter(kind=Obligation.Kind.PAYOUT):
        owed[row.reference] += row.amount_minor
        principals[row.reference] = row.principal_id
    total = sum(deposits.values())
    shares = split_largest_remainder(total, owed, charge_step(journal.currency))
    return record_obligations(
        journal=journal,
        round_ref=forfeit_ref,
        collects=deposits,
        payouts=shares,
        principals=principals,
        surplus_minor=0,
        residue_minor=total - sum(shares.values()),
        from_deposits=True,
    )


def _deposits(journal: Journal, references: object) -> list[Authorisation]:
    held = Authorisation.objects.filter(journal=journal, reference__in=references, amount_minor__gt=0)
    return list(held.filter(state=Authorisation.State.AUTHORISED, later_minor__gt=0))
