"""Whether prices support an outcome: nobody wants another quantity, and no group does better alone."""

from __future__ import annotations

from collections.abc import Iterator

from mechanisms.bids import Lot
from mechanisms.check.bestcase import best_case
from mechanisms.check.finding import Finding
from mechanisms.check.reports import Report, reports
from mechanisms.registry import get
from mechanisms.types import Outcome, Problem


def envy_free(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """At each lot's price nobody would rather have had another quantity."""
    for report in reports(problem):
        wished = sum(_wish(report, lot.id, outcome.prices[lot.id]) for lot in problem.lots if lot.id in outcome.prices)
        if wished > _gain(outcome, report.agent):
            yield Finding(
                "envy_free", "envy", f"{report.agent!r} would rather trade otherwise at these prices", "/prices"
            )
    if outcome.awards and not outcome.prices:
        yield from _unpriced(problem, outcome)


def _unpriced(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Without a common price: nobody would rather have what another got for what that one pays."""
    for report in reports(problem):
        for award in outcome.awards:
            worth = [report.worth(lot, quantity) for lot, quantity in award.bundle.items()]
            stated = sum(value for value in worth if value is not None) if None not in worth else None
            if stated is not None and stated - outcome.payments.get(award.agent, 0) > _gain(outcome, report.agent):
                yield Finding("envy_free", "envy", f"{report.agent!r} prefers what {award.agent!r} got", "/payments")


def core_for_reports(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """No coalition could trade on its own so that all of it gain: proven by prices that leave none anything to win.

    One-sided: a coalition needs the lot's owner, so it blocks only if owner and members together could have more than
    they got. Two-sided: at the supporting price, nobody alone could have more.
    """
    prices = {lot.id: _supporting(problem, outcome, lot) for lot in problem.lots}
    missing = {
        report.agent: sum(_wish(report, lot, price) for lot, price in prices.items()) - _gain(outcome, report.agent)
        for report in reports(problem)
    }
    short = sum(lack for lack in missing.values() if lack > 0)
    if get(outcome.mechanism).sides == "one":
        short += sum(_owner_wish(problem, lot, prices[lot.id]) for lot in problem.lots) - _owner_gain(problem, outcome)
    if short > 0:
        yield Finding("core_for_reports", "blocked", f"a coalition could have {short} more", "/payments")


def _gain(outcome: Outcome, agent: str) -> int:
    award = outcome.award_of(agent)
    return (award.value if award else 0) - outcome.payments.get(agent, 0)


def _wish(report: Report, lot: str, price: int) -> int:
    """The most that this agent could gain at that unit price."""
    bought = sum(units * (each - price) for units, each in report.buys.get(lot, []) if each > price)
    return bought + sum(units * (each + price) for units, each in report.sells.get(lot, []) if each + price > 0)


def _supporting(problem: Problem, outcome: Outcome, lot: Lot) -> int:
    """The outcome's own price, or one at which the best allocation leaves nobody wanting."""
    if lot.id in outcome.prices:
        return outcome.prices[lot.id]
    return best_case(problem, lot, get(outcome.mechanism).sides == "two").price


def _owner_wish(problem: Problem, lot: Lot, price: int) -> int:
    """The most that the lot's owner could gain by trading at that price."""
    supply = 1 if lot.supply is None else lot.supply
    gain = lot.reserve - price if problem.params.get("direction") == "buy" else price - lot.reserve
    return supply * max(0, gain)


def _owner_gain(problem: Problem, outcome: Outcome) -> int:
    """Revenue beyond the reserves of what was handed out: the owners' share of the welfare."""
    values = sum(award.value for award in outcome.awards)
    return outcome.welfare - values + outcome.revenue
