"""From the end of a dynamic auction to its outcome: awards, payments, charges and sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from mechanisms.dynamic.types import Session
from mechanisms.types import Award, Charge, Outcome


class Sold(NamedTuple):
    """Units of a lot for a total, and the most (of a seller, minus the least) that was stated for them."""

    agent: str
    lot: str
    quantity: int
    paid: int
    value: int


def outcome_of(
    problem: Session, sold: list[Sold], prices: Mapping[str, int], certificate: Mapping[str, Any], *, two_sided: bool
) -> Outcome:
    """The outcome without its digest. One-sided: the payee is the lot's seller, and reserves count in welfare."""
    lots = {lot.id: lot for lot in problem.lots}
    payments = dict.fromkeys(problem.agents(), 0)
    dues: dict[tuple[str, str], int] = defaultdict(int)
    for one in sold:
        payments[one.agent] += one.paid
        dues[one.agent, "@market" if two_sided else lots[one.lot].seller or "@market"] += one.paid
    kept = 0 if two_sided else sum(lots[one.lot].reserve * one.quantity for one in sold)
    awards = _awards(sold)
    return Outcome(
        mechanism=problem.mechanism,
        status="cleared" if awards else "no_trade",
        awards=awards,
        payments=payments,
        charges=tuple(_charge(payer, payee, due) for (payer, payee), due in sorted(dues.items()) if due),
        prices=dict(sorted(prices.items())),
        welfare=sum(award.value for award in awards) - kept,
        revenue=sum(payments.values()),
        certificate={"grade": "exact", **certificate},
        digest="",
    )


def _charge(payer: str, payee: str, due: int) -> Charge:
    return Charge(payer, payee, due) if due > 0 else Charge(payee, payer, -due)


def _awards(sold: list[Sold]) -> tuple[Award, ...]:
    """One for each agent; units that it bought and sold again cancel."""
    bundles: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    values: dict[str, int] = defaultdict(int)
    for one in sold:
        bundles[one.agent][one.lot] += one.quantity
        values[one.agent] += one.value
    held = ((agent, {lot: n for lot, n in sorted(bundles[agent].items()) if n}) for agent in sorted(bundles))
    return tuple(Award(agent, bundle, values[agent]) for agent, bundle in held)
