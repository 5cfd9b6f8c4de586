"""The platform's fee: a part of what payees receive, kept in the books, and given back with what they give back."""

from collections.abc import Mapping, Sequence

from django.db.models import Sum

from marketplace.core.money import charge_step
from marketplace.settlement import ledger
from marketplace.settlement.models import Journal, Obligation

WHOLE = 10_000  # hundredths of a percent


def after_fee(payouts: Mapping[str, int], fee_bp: int, currency: str) -> tuple[dict[str, int], dict[str, int]]:
    """What each payee gets and what is kept of it, in minor units; the fee is rounded down."""
    step = charge_step(currency)
    fees = {party: amount * fee_bp // WHOLE // step * step for party, amount in payouts.items()}
    return {party: amount - fees[party] for party, amount in payouts.items()}, fees


def fee_left(payout: Obligation) -> int:
    """What is still kept of a payout."""
    back = payout.returns.exclude(state=Obligation.State.DEFAULTED).aggregate(total=Sum("fee_minor"))["total"]
    return payout.fee_minor - int(back or 0)


def fee_of(part: int, payout: Obligation, left: int) -> int:
    """How much of a part of a payout's price comes from the fee, where `left` of what was paid out is left."""
    kept, step = fee_left(payout), charge_step(payout.currency)
    return part * kept // (left + kept) // step * step


def give_back_fees(journal: Journal, reversals: Sequence[Obligation]) -> None:
    """Book what goes back with these reversals; under the journal's lock."""
    account, market = ledger.fee_account(journal), ledger.market_account(journal)
    entries = [
        ledger.Entry(ledger.Kind.POSTED, account, market, row.fee_minor, row.reference)
        for row in reversals
        if row.fee_minor
    ]
    ledger.append(journal, entries)
