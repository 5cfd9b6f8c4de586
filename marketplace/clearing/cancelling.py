"""A contract is cancelled by one of its parties, under terms that stood in the market before anybody bid."""

from datetime import datetime
from typing import Any

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
    back = refund(obligation=_collected(row), amount_minor=amount, payee=row.seller.ref) if amount else None
    over = {"state": State.CANCELLED, "cancelled_at": at, "refund_minor": amount, "refund": back}
    Contract.objects.filter(pk=row.pk).update(**over)
    by = "seller" if by_seller else "bidder"
    _tell(row, "contract.cancelled", {"by": by, "refund_minor": amount}, at)
    row.refresh_from_db()
    return row


def reinstate_due() -> int:
    """Contracts whose refund was not made: cancelling and giving back are one thing, so neither has happened."""
    rows = Contract.objects.filter(state=State.CANCELLED, refund__state=Obligation.State.DEFAULTED)
    return sum(_reinstate(row) for row in rows.select_related("market", "participation__agent", "seller"))


@transaction.atomic
def _reinstate(row: Contract) -> bool:
    mine = Contract.objects.filter(pk=row.pk, state=State.CANCELLED, refund=row.refund_id)
    stands = {"state": State.ACCEPTED, "cancelled_at": None, "refund_minor": 0, "refund": None}
    if mine.update(**stands) != 1:
        return False
    _tell(row, "contract.reinstated", {"state": State.ACCEPTED}, clock.now())
    return True


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


def _tell(row: Contract, kind: str, more: dict[str, Any], at: datetime) -> None:
    facts = {"contract": row.ref, "market": row.market.ref, **more}
    refs = {row.participation.agent.ref, *([row.seller.ref] if row.seller else [])}
    streams.append_all([told(ref, kind, facts) for ref in sorted(refs)], at)


def _refused(detail: str) -> Refusal:
    return Refusal(409, "contract_not_cancellable", detail, "Look at its state and at the market's cancellation terms.")
