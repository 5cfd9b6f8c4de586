"""The outcome report: one row for each participant, with what it got and what it pays."""

from collections.abc import Iterator
from typing import Any

from marketplace.clearing.amounts import outcome_amounts
from marketplace.clearing.disclosure import award_of, prices_of
from marketplace.clearing.explanations import standing_round, took_part_in
from marketplace.markets.models import Market
from mechanisms.kinds import read_outcome, read_problem

COLUMNS = (
    "market",
    "round",
    "mechanism",
    "status",
    "currency",
    "exponent",
    "participant",
    "lot",
    "quantity",
    "reported_value",
    "payment",
    "payment_minor",
    "price",
    "digest",
)
Row = dict[str, Any]


def outcome_rows(market: Market, *, own: set[str], everything: bool) -> list[Row]:
    """Rows by pseudonym; under `own_only` just the caller's, unless the caller operates the market."""
    round_ = standing_round(market)
    outcome, problem = read_outcome(round_.outcome), read_problem(round_.problem)
    visible = everything or market.disclosure != Market.Disclosure.OWN_ONLY
    agents = [agent for agent in took_part_in(problem) if visible or agent in own]
    common = {
        "market": market.ref,
        "round": round_.n,
        "mechanism": market.mechanism,
        "status": outcome.status,
        "currency": market.currency,
        "exponent": market.exponent,
        "digest": outcome.digest,
    }
    paid = _paid_minor(market, outcome)
    return [common | row for agent in agents for row in _agent_rows(agent, outcome, paid.get(agent, 0))]


def _agent_rows(agent: str, outcome: Any, paid_minor: int) -> Iterator[Row]:
    """One row per lot of the agent's bundle (the payment stands in the first), or one with quantity 0."""
    award, payment = award_of(outcome, agent), outcome.payments.get(agent, 0)
    bundle = sorted(award.bundle.items()) if award else [("", 0)]
    for index, (lot, quantity) in enumerate(bundle):
        yield {
            "participant": agent,
            "lot": lot,
            "quantity": quantity,
            "reported_value": award.value if award and index == 0 else "",
            "payment": payment if index == 0 else 0,
            "payment_minor": paid_minor if index == 0 else 0,
            "price": prices_of(outcome).get(lot, ""),
        }


def _paid_minor(market: Market, outcome: Any) -> dict[str, int]:
    """What each party really pays (negative: gets) in minor units, rounded as settlement rounds."""
    amounts = outcome_amounts(market, outcome)
    return amounts.collects | {party: -amount for party, amount in amounts.payouts.items()}
