"""Committing what a round came to: result, obligations and events, by one conditional UPDATE."""

from typing import Any

from django.db import transaction

from marketplace.agents.models import Agent
from marketplace.bidding.models import Participation
from marketplace.clearing.amounts import outcome_amounts
from marketplace.clearing.contracts import make_contracts, offers
from marketplace.clearing.disclosure import private_facts, public_facts
from marketplace.clearing.models import Contract
from marketplace.core import clock, streams
from marketplace.markets.models import Market, Round
from marketplace.settlement.services import after_fee, record_obligations


@transaction.atomic
def commit_outcome(*, round_: Round, claim: str, problem: Any, outcome: Any) -> dict[str, int] | None:
    """clearing -> cleared, with all that follows; the new heads of the streams, or None where the claim was lost."""
    at = clock.now()
    won = Round.objects.filter(pk=round_.pk, state=Round.State.CLEARING, claim=claim).update(
        state=Round.State.CLEARED,
        status=outcome.status,
        problem=problem.to_json().decode(),
        outcome=outcome.to_json().decode(),
        digest=outcome.digest,
        finished_at=at,
    )
    if won != 1:
        return None
    market = round_.market
    contracts = make_contracts(round_=round_, problem=problem, outcome=outcome, at=at)
    if any(contract.state == Contract.State.OFFERED for contract in contracts):
        Round.objects.filter(pk=round_.pk).update(binding=False)  # all holds stand until the sellers have answered
    else:
        record_debts(round_, outcome)
    entries = [streams.Entry(market.stream, "round.cleared", public_facts(market, round_, outcome), False)]
    entries += _private_entries(market, round_, outcome)
    entries += offers(contracts)
    return streams.append_all(entries, at)


def fail_round(*, round_: Round, claim: str, reason: str) -> bool:
    """clearing -> failed; nothing is owed, and an operator may clear again."""
    with transaction.atomic():
        failed = Round.objects.filter(pk=round_.pk, state=Round.State.CLEARING, claim=claim).update(
            state=Round.State.FAILED, failure=reason[:500], finished_at=clock.now()
        )
        if failed:
            streams.append(round_.market.stream, "round.failed", {"round": round_.ref, "n": round_.n})
    return failed == 1


def _private_entries(market: Market, round_: Round, outcome: Any) -> list[streams.Entry]:
    rows = Participation.objects.filter(market=market, state=Participation.State.ACTIVE)
    return [streams.Entry(row.stream, "round.cleared", private_facts(market, round_, outcome, row.ref)) for row in rows]


def record_debts(round_: Round, outcome: Any) -> None:
    """What a binding round makes its parties owe; inside the transaction that makes it binding."""
    market = round_.market
    amounts = outcome_amounts(market, outcome)
    payouts, fees = after_fee(amounts.payouts, market.fee_bp, market.currency)
    record_obligations(
        journal=market.journal,
        round_ref=round_.ref,
        collects=amounts.collects,
        payouts=payouts,
        fees=fees,
        principals=_principals(market, {*amounts.collects, *amounts.payouts}),
        surplus_minor=amounts.surplus_minor,
        residue_minor=amounts.residue_minor,
        deficit_minor=amounts.deficit_minor,
    )


def _principals(market: Market, references: set[str]) -> dict[str, int]:
    rows: Any = Participation.objects.filter(market=market, ref__in=references)
    found = dict(rows.values_list("ref", "agent__principal_id"))
    sellers = Agent.objects.filter(ref__in=references - set(found))
    return found | dict(sellers.values_list("ref", "principal_id"))
