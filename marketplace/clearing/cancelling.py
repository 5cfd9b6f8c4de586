"""A contract is cancelled by one of its parties, under terms that stood in the market before anybody bid."""

from datetime import datetime

from django.db import transaction

from marketplace.agents.inbox import told
from marketplace.agents.keys import Identity
from marketplace.clearing.models import Contract
from marketplace.core import clock, streams
from marketplace.core.money import charge_step
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.settlement.models import Obligation
from marketplace.settlement.services import refund

State = Contract.State
FULL = 100


@transaction.atomic
def cancel_contract(*, contract: Contract, identity: Identity) -> Contract:
    """A seller gives everything back; a bidder gets what the terms say at this moment. A repeat changes nothing."""
    Market.objects.select_for_update().get(pk=contract.market_id)
    row, at = Contract.objects.select_related("market", "seller").get(pk=contract.pk), clock.now()
    if row.state == State.CANCELLED:
        return row
    if row.state != State.ACCEPTED or row.seller is None:
        raise _refused(f"This contract is {row.state}: only one that a seller is bound by is cancelled.")
    by_seller = row.seller.principal_id == identity.principal_id
    percent = FULL if by_seller else _percent(row, at)
    if percent is None:
        raise _refused("The market's terms of cancellation give nothing back any more.")
    amount = row.amount_minor * percent // FULL
    amount -= amount % charge_step(row.market.currency)
    if amount:
        refund(obligation=_collected(row), amount_minor=amount, payee=row.seller.ref)
    Contract.objects.filter(pk=row.pk).update(state=State.CANCELLED, cancelled_at=at, refund_minor=amount)
    _tell(row, amount, by_seller, at)
    row.refresh_from_db()
    return row


def _percent(row: Contract, at: datetime) -> int | None:
    """By the first of the terms whose time is not over; None where all are."""
    seconds = (at - (row.answered_at or row.created_at)).total_seconds()
    terms = sorted(row.market.cancellation, key=lambda term: term["within_s"])
    return next((int(term["refund_percent"]) for term in terms if seconds <= term["within_s"]), None)


def _collected(row: Contract) -> Obligation:
    """What the bidder paid in the contract's round."""
    kind = Obligation.Kind.COLLECT
    found = Obligation.objects.filter(round_ref=row.round.ref, kind=kind, reference=row.participation.ref).first()
    if found is None or found.state != Obligation.State.PAID:
        raise _refused("Its money has not been collected yet, or was given back already.")
    return found


def _tell(row: Contract, amount: int, by_seller: bool, at: datetime) -> None:
    by = "seller" if by_seller else "bidder"
    facts = {"contract": row.ref, "market": row.market.ref, "by": by, "refund_minor": amount}
    refs = {row.participation.agent.ref, *([row.seller.ref] if row.seller else [])}
    streams.append_all([told(ref, "contract.cancelled", facts) for ref in sorted(refs)], at)


def _refused(detail: str) -> Refusal:
    return Refusal(409, "contract_not_cancellable", detail, "Look at its state and at the market's cancellation terms.")
