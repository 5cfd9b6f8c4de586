"""A seller accepts or refuses what was awarded, within the time that the market states; silence refuses."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from marketplace.agents.inbox import told
from marketplace.agents.keys import Identity
from marketplace.clearing.models import Contract
from marketplace.clearing.results import record_debts
from marketplace.core import clock, limits, streams, sweeps
from marketplace.core.refusals import Refusal, not_found
from marketplace.core.signing import signed
from marketplace.markets.models import Market, Round
from marketplace.markets.services import cancel_market, new_round
from mechanisms.kinds import read_outcome

State = Contract.State
ANSWERS = {"accept": State.ACCEPTED, "refuse": State.REFUSED}
CLOCK = "the clock"


def find_contract(ref: str, identity: Identity) -> Contract:
    """A contract that the caller's principal is a party of; another's does not exist for it."""
    rows = Contract.objects.select_related("market", "round", "participation__agent", "seller")
    row = rows.filter(ref=ref).first()
    if row is None or identity.principal_id not in parties(row):
        raise not_found("contract", ref)
    return row


def parties(row: Contract) -> set[int]:
    """The principals who are bound by it."""
    return {row.participation.agent.principal_id, *([row.seller.principal_id] if row.seller else [])}


@transaction.atomic
def answer_contract(*, contract: Contract, identity: Identity, answer: str) -> Contract:
    """Accept or refuse; the same answer again changes nothing, another one or a late one is refused."""
    if answer not in ANSWERS:
        raise Refusal(422, "answer_unknown", "An answer is accept or refuse.", "Send one of these.", "/answer")
    if contract.seller is None or contract.seller.principal_id != identity.principal_id:
        raise Refusal(403, "not_the_seller", "Only the seller answers a contract.", "Wait for contract.accepted.")
    market = Market.objects.select_for_update().get(pk=contract.market_id)
    row, at = Contract.objects.get(pk=contract.pk), clock.now()
    if row.state == ANSWERS[answer] and row.answer_by is not None:
        return row
    if row.state != State.OFFERED:
        raise _over("contract_answered", f"This contract is {row.state} already.")
    if row.answer_by is None or row.answer_by <= at:
        raise _over("contract_expired", f"This contract was to be answered by {clock.stamp(row.answer_by or at)}.")
    if answer == "refuse":
        _fail(market, row, State.REFUSED, f"the seller of {row.ref} refused", at)
    else:
        _close(row, State.ACCEPTED, at)
        _bind(row.round)
    row.refresh_from_db()
    return row


def lapse_due() -> int:
    """Contracts that nobody answered in time: as if they were refused."""
    due = Contract.objects.filter(state=State.OFFERED, answer_by__lte=clock.now()).order_by("answer_by")
    return sum(_lapse(row.pk, row.market_id) for row in due[: limits.SWEEP_BATCH])


def supersede_due() -> int:
    """Contracts of rounds that do not stand any more, or were not paid by all."""
    over = Q(round__state=Round.State.SUPERSEDED) | Q(round__default_resolved=True)
    rows = Contract.objects.filter(over, state__in=(State.OFFERED, State.ACCEPTED))
    return Contract.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[: limits.SWEEP_BATCH])).update(
        state=State.SUPERSEDED
    )


@transaction.atomic
def _lapse(contract_id: int, market_id: int) -> bool:
    market = Market.objects.select_for_update().get(pk=market_id)
    row, at = Contract.objects.get(pk=contract_id), clock.now()
    if row.state != State.OFFERED or row.answer_by is None or row.answer_by > at:
        return False
    _fail(market, row, State.LAPSED, f"the seller of {row.ref} did not answer in time", at)
    return True


def _close(row: Contract, state: str, at: datetime) -> None:
    """The contract's answer, signed, and both parties told."""
    claims = {
        "iss": settings.PUBLIC_URL,
        "sub": row.ref,
        "iat": int(at.timestamp()),
        "answer": state,
        "document": hashlib.sha256(row.document.encode()).hexdigest(),
    }
    Contract.objects.filter(pk=row.pk).update(state=state, answered_at=at, acceptance=signed(claims))
    facts = {"contract": row.ref, "market": row.market.ref, "state": state}
    refs = {row.participation.agent.ref, *([row.seller.ref] if row.seller else [])}
    streams.append_all([told(ref, f"contract.{state}", facts) for ref in sorted(refs)], at)


def _bind(round_: Round) -> None:
    """With the last acceptance the round binds: what it makes payers owe is collected."""
    if round_.contracts.filter(state=State.OFFERED).exists():
        return
    if Round.objects.filter(pk=round_.pk, state=Round.State.CLEARED, binding=False).update(binding=True) == 1:
        record_debts(round_, read_outcome(round_.outcome))
        sweeps.nudge("settlement.collects")


def _fail(market: Market, row: Contract, state: str, why: str, at: datetime) -> None:
    """Nothing was collected yet, so nothing is to be given back; the holds stand for a round without the seller."""
    _close(row, state, at)
    others = Contract.objects.filter(round=row.round_id).exclude(pk=row.pk)
    others.filter(state__in=(State.OFFERED, State.ACCEPTED)).update(state=State.SUPERSEDED)
    Round.objects.filter(pk=row.round_id).update(state=Round.State.SUPERSEDED)
    gone = {*row.round.without_lots, *market.lots.filter(seller=row.seller).values_list("name", flat=True)}
    facts = {"round": row.round.ref, "n": row.round.n, "reason": why}
    if market.lots.exclude(name__in=gone).exists():
        made = new_round(
            market=market, at=at, reason=f"{why}; cleared again without its lots",
            without=row.round.without, without_lots=sorted(gone),
        )  # fmt: skip
        streams.append(market.stream, "round.superseded", {**facts, "next": made.ref}, at)
    else:
        streams.append(market.stream, "round.superseded", {**facts, "next": None}, at)
        cancel_market(market=market, reason=f"{why}; nothing is left to sell", by=CLOCK)


def _over(code: str, detail: str) -> Refusal:
    return Refusal(409, code, detail, "GET contracts/ shows what still waits for an answer.")
