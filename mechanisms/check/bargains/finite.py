"""Checks of a single agreement among finitely many: by going through all of them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from mechanisms.bargaining.types import Bargain, Bargained
from mechanisms.check.bargains.objectives import better
from mechanisms.check.bargains.worlds import Worlds, worlds
from mechanisms.check.finding import Finding
from mechanisms.types import Charge


def chosen(found: Worlds, outcome: Bargained) -> list[int]:
    """The utilities (times the scale) of what was agreed, or of disagreement."""
    place = None if outcome.status == "disagreement" else found.place(outcome.agreement)
    return found.disagreement if place is None else [int(own) for own in found.utilities[:, place]]


def consistent(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """The agreement exists, its utilities and charges are those that were stated."""
    found = worlds(problem)
    if outcome.status == "disagreement":
        if outcome.agreement is not None or outcome.charges or outcome.awards:
            yield Finding("consistent", "agreement_without_agreement", "without agreement nothing is due", "/agreement")
    elif outcome.status != "cleared" or found.place(outcome.agreement) is None:
        yield Finding("consistent", "unknown_agreement", "no such agreement could be made", "/agreement")
        return
    right = {name: Fraction(u, found.scale) for name, u in zip(found.parties, chosen(found, outcome), strict=True)}
    if {name: Fraction(value) for name, value in outcome.utilities.items()} != right:
        yield Finding("consistent", "wrong_utilities", "utilities are not those of the agreement", "/utilities")
    if outcome.status == "cleared" and _net(_due(problem, outcome)) != _net(list(outcome.charges)):
        yield Finding("consistent", "wrong_charges", "charges are not what the agreement says", "/charges")


def _due(problem: Bargain, outcome: Bargained) -> list[Charge]:
    for agreement in problem.agreements:
        if agreement.id == outcome.agreement:
            return list(agreement.charges)
    agreed = outcome.agreement if isinstance(outcome.agreement, dict) else {}
    return [Charge(t["payer"], t["payee"], int(agreed[t["issue"]])) for t in problem.transfers]


def _net(charges: list[Charge]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for charge in charges:
        pair = (charge.payer, charge.payee)
        sums[pair] = sums.get(pair, 0) + charge.amount
        sums[pair[::-1]] = sums.get(pair[::-1], 0) - charge.amount
    return {pair: amount for pair, amount in sums.items() if amount > 0}


def individually_rational(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """Nobody has less than without an agreement."""
    found = worlds(problem)
    for name, has, without in zip(found.parties, chosen(found, outcome), found.disagreement, strict=True):
        if has < without:
            yield Finding(
                "individually_rational", "below_disagreement", f"{name!r} would rather disagree", "/utilities"
            )


def pareto(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """No agreement is at least as good for all and better for one; disagreement only where none is better for all."""
    found = worlds(problem)
    if outcome.status == "disagreement":
        worse = (found.gains > 0).all(axis=0)
    else:
        mine = np.array(chosen(found, outcome), found.utilities.dtype)[:, None]
        worse = (found.utilities >= mine).all(axis=0) & (found.utilities > mine).any(axis=0)
    if worse.any():
        better_one = [int(own) for own in found.utilities[:, int(np.argmax(worse))]]
        yield Finding("pareto", "dominated", f"an agreement with utilities {better_one} is better", "/agreement")


def optimal_for_reports(problem: Bargain, outcome: Bargained) -> Iterator[Finding]:
    """What the rule maximises is nowhere greater."""
    found = worlds(problem)
    allowed = np.arange(found.utilities.shape[1])
    if problem.params.get("individually_rational", True):
        allowed = found.acceptable
        if not (found.gains > 0).all(axis=0).any():
            if outcome.status != "disagreement":
                yield Finding("optimal_for_reports", "nobody_agrees", "no agreement is better for all", "/status")
            return
    if outcome.status == "disagreement":
        yield Finding("optimal_for_reports", "missed_agreement", "some agreement is better for all", "/status")
        return
    mine = found.place(outcome.agreement)
    if mine is None or mine not in allowed:
        yield Finding("optimal_for_reports", "not_allowed", "somebody would refuse this agreement", "/agreement")
        return
    best = better(problem, found, allowed, mine)
    if best is not None:
        gains = [int(own) for own in found.gains[:, best]]
        yield Finding(
            "optimal_for_reports", "not_best", f"gains of {gains} (times {found.scale}) are better", "/agreement"
        )
