"""Checks of slot auctions: the ranking that is worth most, and what each slot costs, computed anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

from mechanisms.check.finding import Finding
from mechanisms.types import Award, Outcome, Problem


def is_slots(problem: Problem) -> bool:
    """Whether the problem is about slots."""
    return "clicks" in problem.params


def scores(problem: Problem) -> dict[str, tuple[Fraction, Fraction]]:
    """(quality, quality times price) of every bidder at or above the reserve."""
    found = {}
    for bid in problem.bids:
        for step in bid.steps or ():
            price = (
                step.price if bid.budget is None else min(step.price, per_click(bid.budget, problem.params["clicks"]))
            )
            if price >= problem.lots[0].reserve:
                quality = Fraction(str(problem.params.get("quality", {}).get(bid.agent, 1)))
                found[bid.agent] = (quality, quality * price)
    return found


def per_click(budget: int, clicks: Sequence[int]) -> int:
    """The price per click that a budget affords in the best slot."""
    return budget // (clicks[0] or 1)


def slot_value(problem: Problem, award: Award) -> int | None:
    """What the agent stated for its slot: clicks times its price; None where there is no such slot or bid."""
    clicks, stated = problem.params["clicks"], scores(problem).get(award.agent)
    if stated is None or not 1 <= (award.position or 0) <= len(clicks):
        return None
    return int(clicks[(award.position or 1) - 1] * stated[1] / stated[0])


def best_ranking(problem: Problem, outcome: Outcome) -> Iterator[Finding]:
    """No other assignment of slots has a greater sum of clicks times quality times price."""
    stated, clicks = scores(problem), problem.params["clicks"]
    best = sum(c * s for c, s in zip(clicks, sorted((s for _, s in stated.values()), reverse=True), strict=False))
    places = [award.position for award in outcome.awards]
    if (
        len(set(places)) < len(places)
        or not set(places) <= set(range(1, len(clicks) + 1))
        or not {a.agent for a in outcome.awards} <= set(stated)
    ):
        yield Finding("optimal_for_reports", "wrong_slots", "a slot is given twice, or to nobody who bid", "/awards")
        return
    got = sum(clicks[(award.position or 1) - 1] * stated[award.agent][1] for award in outcome.awards)
    if got != best:
        yield Finding("optimal_for_reports", "not_optimal", f"ranked worth {got}, possible {best}", "/awards")


def slot_payments(problem: Problem, outcome: Outcome) -> dict[str, int]:
    """What every bidder should pay, by the slots that the outcome gives."""
    price = {"gsp": _next_bid, "position_vcg": _externality}[outcome.mechanism]
    due = {bid.agent: 0 for bid in problem.bids}
    return due | {
        award.agent: price(problem, outcome, award.agent, (award.position or 1) - 1) for award in outcome.awards
    }


def _below(problem: Problem, outcome: Outcome, place: int) -> list[Fraction]:
    """Scores of the bidders beneath a place, the best first."""
    stated = scores(problem)
    above = {award.agent for award in outcome.awards if (award.position or 1) <= place + 1}
    return sorted((score for agent, (_, score) in stated.items() if agent not in above), reverse=True)


def _next_bid(problem: Problem, outcome: Outcome, agent: str, place: int) -> int:
    quality, beneath = scores(problem)[agent][0], _below(problem, outcome, place)
    per_click = max(problem.lots[0].reserve, ceil(beneath[0] / quality) if beneath else 0)
    clicks: int = problem.params["clicks"][place]
    return clicks * per_click


def _externality(problem: Problem, outcome: Outcome, agent: str, place: int) -> int:
    quality, reserve = scores(problem)[agent][0], problem.lots[0].reserve
    beneath = _below(problem, outcome, place)
    clicks: list[Any] = [*problem.params["clicks"][place:], 0]
    total = Fraction(0)
    for rung, (here, lower) in enumerate(pairwise(clicks)):
        rival = beneath[rung] / quality if rung < len(beneath) else Fraction(0)
        total += (here - lower) * max(Fraction(reserve), rival)
    return ceil(total)
