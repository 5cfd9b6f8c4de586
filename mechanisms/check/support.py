"""Whether prices support an outcome: nobody wants another quantity, and no group does better alone."""

from __future__ import annotations

from collections.abc import Iterator

from mechanisms.bids import Lot
from mechanisms.check.bestcase import best_case
from mechanisms.check.coalitions import core_of_bundles
from mechanisms.check.finding import Finding
from mechanisms.check.reports import Report, reports
from mechanisms.check.stated import is_bundles
from mechanisms.registry import get
from mechanisms.types import Outcome, Problem


def envy_free(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """At each lot's price nobody would rather have had another quantity."""
    gains = _gains(outcome)
    for report in reports(problem):
        wished = sum(_wish(report, lot, outcome.prices[lot.id]) for lot in problem.lots if lot.id in outcome.prices)
        if wished > gains.get(report.agent, 0):
            yield Finding("envy_free", "envy", f"{report.agent!r} would rather trade otherwise", "/prices")
    if outcome.awards and not outcome.prices:
        yield from _unpriced(problem, outcome)


def _unpriced(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Without a common price: nobody would rather have what another got for what that one pays."""
    gains = _gains(outcome)
    for report in reports(problem):
        for award in outcome.awards:
            worth = [report.worth(lot, quantity) for lot, quantity in award.bundle.items()]
            stated = sum(value for value in worth if value is not None) if None not in worth else None
            if stated is not None and stated - outcome.payments.get(award.agent, 0) > gains.get(report.agent, 0):
                yield Finding("envy_free", "envy", f"{report.agent!r} prefers what {award.agent!r} got", "/payments")


def core_for_reports(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """No coalition could trade on its own so that all of it gain: proven by prices that leave none anything to win.

    One-sided: a coalition needs the lot's owner, so it blocks only if owner and members together could have more than
    they got. Two-sided: at the supporting price, nobody alone could have more.
    """
    if is_bundles(problem):
        yield from core_of_bundles(problem, outcome)
        return
    one_sided = get(outcome.mechanism).sides == "one"
    best = [best_case(problem, lot, not one_sided).price for lot in problem.lots]
    stated = [outcome.prices.get(lot.id, price) for lot, price in zip(problem.lots, best, strict=True)]
    reserves = [lot.reserve for lot in problem.lots]
    candidates = (stated, best, reserves) if one_sided else (stated, best)
    short = min(_shortage(problem, outcome, prices, one_sided) for prices in candidates)
    if short > 0:
        yield Finding("core_for_reports", "blocked", f"a coalition could have {short} more", "/payments")


def _shortage(problem: Problem, outcome: Outcome, prices: list[int], one_sided: bool) -> int:
    """What the best coalition could have beyond what its members got, at most, if these prices are right."""
    pairs, gains, short = list(zip(problem.lots, prices, strict=True)), _gains(outcome), 0
    for report in reports(problem):
        short += max(0, sum(_wish(report, lot, price) for lot, price in pairs) - gains.get(report.agent, 0))
    if one_sided:
        short += sum(_owner_wish(problem, lot, price) for lot, price in pairs) - _owner_gain(problem, outcome)
    return short


def _gains(outcome: Outcome) -> dict[str, int]:
    """Stated value minus payment, by agent."""
    gains = {agent: -paid for agent, paid in outcome.payments.items()}
    for award in outcome.awards:
        gains[award.agent] = gains.get(award.agent, 0) + award.value
    return gains


def _wish(report: Report, lot: Lot, price: int) -> int:
    """The most that this agent could gain at that unit price, within the lot's supply."""
    left, total = lot.supply or 2**62, 0
    buys = [(units, each - price) for units, each in report.buys.get(lot.id, [])]
    for units, gain in buys or [(units, each + price) for units, each in report.sells.get(lot.id, [])]:
        taken = min(units, left) if gain > 0 else 0
        total, left = total + taken * gain, left - taken
    return total


def _owner_wish(problem: Problem, lot: Lot, price: int) -> int:
    """The most that the lot's owner could gain by trading at that price."""
    supply = 1 if lot.supply is None else lot.supply
    gain = lot.reserve - price if problem.params.get("direction") == "buy" else price - lot.reserve
    return supply * max(0, gain)


def _owner_gain(problem: Problem, outcome: Outcome) -> int:
    """Revenue beyond the reserves of what was handed out: the owners' share of the welfare."""
    values = sum(award.value for award in outcome.awards)
    return outcome.welfare - values + outcome.revenue
