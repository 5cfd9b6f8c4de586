"""One function for each outcome claim: findings against it, relative to the reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mechanisms.check.bestcase import best_case
from mechanisms.check.bundles import awards_stated, welfare_proven
from mechanisms.check.finding import Finding
from mechanisms.check.reports import Report, reports, traded
from mechanisms.check.slots import best_ranking, is_slots, slot_value
from mechanisms.check.stated import is_bundles
from mechanisms.check.support import core_for_reports, envy_free
from mechanisms.registry import get
from mechanisms.types import Award, Outcome, Problem

Check = Callable[[Problem, Outcome], Iterator[Finding]]


def feasible(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Nothing is awarded that was not offered and asked for, and supply covers what is handed out."""
    if is_bundles(problem):
        yield from awards_stated(problem, outcome)
        return
    known = {report.agent: report for report in reports(problem)}
    for index, award in enumerate(outcome.awards):
        yield from _award_stated(problem, known.get(award.agent), award, f"/awards/{index}")
    for lot in problem.lots:
        handed = sum(traded(outcome, lot.id).values())
        if two_sided(problem, outcome):
            if handed != 0:
                yield Finding("feasible", "unbalanced_lot", f"{lot.id}: bought minus sold is {handed}", "/awards")
        elif abs(handed) > (1 if lot.supply is None else lot.supply):
            yield Finding("feasible", "oversold", f"{lot.id}: {abs(handed)} units are more than the supply", "/awards")


def _award_stated(problem: Problem, report: Report | None, award: Award, pointer: str) -> Iterator[Finding]:
    if report is None:
        yield Finding("feasible", "unknown_agent", f"{award.agent!r} did not bid", f"{pointer}/agent")
        return
    if award.position is not None:
        if award.value != slot_value(problem, award):
            yield Finding("feasible", "wrong_value", f"{award.agent!r} stated another value", f"{pointer}/value")
        return
    worth = [report.worth(lot, quantity) for lot, quantity in award.bundle.items()]
    if None in worth:
        yield Finding("feasible", "more_than_stated", f"{award.agent!r} did not ask for so much", f"{pointer}/bundle")
    elif sum(value for value in worth if value is not None) != award.value:
        yield Finding("feasible", "wrong_value", f"{award.agent!r} stated another value", f"{pointer}/value")


def individually_rational(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Nobody pays more than it stated for what it got, or more than its budget; who gets nothing pays nothing."""
    values = {award.agent: award.value for award in outcome.awards}
    budgets = {bid.agent: bid.budget for bid in problem.bids}
    for agent, paid in outcome.payments.items():
        budget = budgets.get(agent)
        if paid > values.get(agent, 0):
            yield Finding("individually_rational", "above_value", f"{agent!r} pays {paid}", f"/payments/{agent}")
        if budget is not None and paid > budget:
            yield Finding("individually_rational", "above_budget", f"{agent!r} pays {paid}", f"/payments/{agent}")
        if agent not in values and paid != 0:
            yield Finding("individually_rational", "loser_pays", f"{agent!r} won nothing", f"/payments/{agent}")


def budget_balanced(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """What traders pay is what traders receive."""
    if sum(outcome.payments.values()) != 0:
        yield Finding("budget_balanced", "surplus_or_deficit", f"payments sum to {outcome.revenue}", "/payments")


def weakly_budget_balanced(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """The market never pays in."""
    if sum(outcome.payments.values()) < 0:
        yield Finding("weakly_budget_balanced", "deficit", f"payments sum to {outcome.revenue}", "/payments")


def optimal_for_reports(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """No other allocation is worth more by what was stated, reserves counted."""
    if is_bundles(problem):
        yield from welfare_proven(problem, outcome)
        return
    if is_slots(problem):
        yield from best_ranking(problem, outcome)
        return
    best = sum(best_case(problem, lot, two_sided(problem, outcome)).welfare for lot in problem.lots)
    if outcome.welfare != best:
        yield Finding("optimal_for_reports", "not_optimal", f"welfare {outcome.welfare}, possible {best}", "/welfare")


def pareto(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """With money, nobody can gain without another's loss exactly where welfare is greatest."""
    for finding in optimal_for_reports(problem, outcome):
        yield Finding("pareto", finding.code, finding.detail, finding.pointer)


def two_sided(problem: Problem, outcome: Outcome) -> bool:
    """Whether bidders bring the supply."""
    return get(outcome.mechanism).sides == "two"


CHECKS: dict[str, Check] = {
    "feasible": feasible,
    "individually_rational": individually_rational,
    "budget_balanced": budget_balanced,
    "weakly_budget_balanced": weakly_budget_balanced,
    "optimal_for_reports": optimal_for_reports,
    "pareto": pareto,
    "core_for_reports": core_for_reports,
    "envy_free": envy_free,
}
