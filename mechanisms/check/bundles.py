"""What must hold of an outcome over bundles, from the reports and the proofs in its certificate."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import Any

from mechanisms.check.finding import Finding
from mechanisms.check.proofs import proves
from mechanisms.check.stated import Stated
from mechanisms.types import Outcome, Problem

DECIDED = ("cleared", "no_trade")


def awards_stated(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Every award is an atom that was stated, at its stated value within the budget, and supply covers them all."""
    stated = Stated(problem)
    atoms = [column for column in stated.columns if column.place is None]
    known = {(column.agent, tuple(sorted(column.bundle.items()))): column.value for column in atoms}
    known |= _had_by_programs(stated, outcome.certificate.get("columns"))
    handed = dict.fromkeys(stated.lots, 0)
    for index, award in enumerate(outcome.awards):
        value = known.get((award.agent, tuple(sorted(award.bundle.items()))))
        if value is None:
            yield Finding("feasible", "more_than_stated", f"{award.agent!r} did not ask for that", f"/awards/{index}")
        elif value != award.value:
            yield Finding("feasible", "wrong_value", f"{award.agent!r} stated {value}", f"/awards/{index}/value")
        for lot, quantity in award.bundle.items():
            handed[lot] = handed.get(lot, 0) + (-quantity if stated.buying else quantity)
    for lot, units in handed.items():
        if lot not in stated.lots or units > (stated.lots[lot].supply or 0):
            yield Finding("feasible", "oversold", f"{lot}: {units} units are more than the supply", "/awards")


def _had_by_programs(stated: Stated, told: Any) -> dict[tuple[str, tuple[tuple[str, int], ...]], int]:
    """By agent and bundle what programs were handed, by the columns that the certificate names; any garbage, nothing.

    That no other columns are worth more with the same units follows from the proof of the welfare.
    """
    if not stated.programs or not isinstance(told, list) or not all(type(column) is int for column in told):
        return {}
    if any(not 0 <= column < len(stated.columns) for column in told) or not stated.fits(told):
        return {}
    return {
        (agent, tuple(sorted(bundle.items()))): value
        for agent, (bundle, value) in stated.handed(told).items()
        if bundle
    }


def welfare_proven(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """The certificate's bound, recomputed in integers: no allocation is worth more. Grade `solver` proves nothing."""
    certificate = outcome.certificate
    if outcome.status == "no_equilibrium":
        yield Finding("optimal_for_reports", "no_equilibrium", "no prices support the best allocation", "/status")
    if outcome.status not in DECIDED or certificate.get("grade") != "exact":
        return
    stated = Stated(problem)
    gains = [column.gain for column in stated.columns]
    if not proves(stated, gains, outcome.welfare, certificate.get("proof"), set(range(len(gains)))):
        detail = f"the certificate does not show that {outcome.welfare} is the most"
        yield Finding("optimal_for_reports", "not_optimal", detail, "/certificate/proof")


def clarke_pivots(problem: Problem, outcome: Outcome) -> Iterator[tuple[str, int | None]]:
    """Each winner's payment by Clarke: its value minus what it adds to the welfare; None where that is not shown."""
    stated = Stated(problem)
    told: Any = outcome.certificate.get("without", {})
    for award in outcome.awards:
        rest = _welfare_without(stated, award.agent, told.get(award.agent), outcome.certificate.get("grade"))
        yield award.agent, None if rest is None else award.value - (outcome.welfare - rest)


def _welfare_without(stated: Stated, agent: str, told: Any, grade: Any) -> int | None:
    """The welfare without this agent: an allocation that reaches it, and for `exact` a proof that none has more."""
    try:
        chosen, welfare = [int(column) for column in told["columns"]], int(told["welfare"])
        reached = stated.gained(chosen, [column.gain for column in stated.columns])
        owners = {stated.columns[column].agent for column in chosen}
    except (TypeError, KeyError, IndexError, ValueError):
        return None
    if reached != welfare or agent in owners or min(chosen, default=0) < 0 or not stated.fits(chosen):
        return None
    if grade == "exact":
        free = {place for place, column in enumerate(stated.columns) if column.agent != agent}
        if not proves(stated, [column.gain for column in stated.columns], welfare, told.get("proof"), free):
            return None
    return welfare


def right_payments(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """Every payment is what the rule's definition asks for the awards that were made."""
    if outcome.status not in DECIDED:
        due: dict[str, int | None] = {}
    elif outcome.mechanism == "pay_as_bid":
        due = {award.agent: award.value for award in outcome.awards}
    elif outcome.mechanism == "vcg" or problem.params.get("pricing") == "vcg":
        due = dict(clarke_pivots(problem, outcome))
    elif problem.params.get("pricing") == "threshold":
        due = dict(beyond_the_cut(problem, outcome))
    elif "payments_exact" in outcome.certificate:
        due = {agent: ceil(Fraction(text)) for agent, text in outcome.certificate["payments_exact"].items()}
    elif "prices_exact" in outcome.certificate:
        due = dict(supported(problem, outcome))
    else:
        return
    for bid in problem.bids:
        amount = due.get(bid.agent, 0)
        if amount is None or outcome.payments.get(bid.agent) != amount:
            detail = f"{bid.agent!r} pays {outcome.payments.get(bid.agent)}, by the definition {amount}"
            yield Finding("consistent", "wrong_payment", detail, f"/payments/{bid.agent}")


def beyond_the_cut(problem: Problem, outcome: Outcome) -> Iterator[tuple[str, int | None]]:
    """Each trader keeps what it adds beyond the cut, floored; None where the cut is not the least that balances."""
    pivots = dict(clarke_pivots(problem, outcome))
    try:
        cut = Fraction(outcome.certificate["threshold"])
        adds = {award.agent: award.value - pivots[award.agent] for award in outcome.awards}  # type: ignore[operator]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        cut, adds = Fraction(-1), {}
    kept = {agent: max(Fraction(0), gain - cut) for agent, gain in adds.items()}
    total = sum(kept.values(), Fraction(0))
    balances = cut >= 0 and (total == outcome.welfare or (cut == 0 and total < outcome.welfare))
    for award in outcome.awards:
        yield award.agent, award.value - kept[award.agent].__floor__() if balances else None


def supported(problem: Problem, outcome: Outcome) -> Iterator[tuple[str, int | None]]:
    """Each winner's bundle at the exact prices, rounded up; None where it, or a loser, would rather trade otherwise."""
    stated = Stated(problem)
    prices = {lot: Fraction(text) for lot, text in outcome.certificate["prices_exact"].items()}
    won = {award.agent: award for award in outcome.awards}
    for bid in problem.bids:
        own = won.get(bid.agent)
        cost = sum((prices[lot] * n for lot, n in own.bundle.items()), Fraction(0)) if own else Fraction(0)
        gain = (own.value if own else 0) - cost
        wishes = [
            c.value - sum(prices[lot] * n for lot, n in c.bundle.items())
            for c in stated.columns
            if c.agent == bid.agent
        ]
        yield bid.agent, None if max(wishes, default=0) > gain or gain < 0 else ceil(cost)
