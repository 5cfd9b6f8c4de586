"""One problem under several rules: what each makes of the same bids."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mechanisms
from marketplace.core import limits
from marketplace.core.money import amount_text
from marketplace.markets.catalogue import rules
from marketplace.reports.reclearing import carried, not_taken, run_each_apart, too_long
from mechanisms.charts import curves
from mechanisms.engine import prepare
from mechanisms.errors import ProblemError
from mechanisms.types import Outcome, Problem


@dataclass(frozen=True)
class Cleared:
    """One rule's outcome in the words of a table."""

    slug: str
    title: str
    chosen: bool
    status: str
    revenue: str
    welfare: str
    winners: int
    prices: list[tuple[str, str]]
    unit_price: int | None  # of a single lot
    traded: int
    awards: list[tuple[str, str, str, str]]


def compared(problem: dict[str, Any]) -> Iterator[Cleared]:
    """The problem under its own rule, then under each other rule that takes the same bids; Refusal for its own."""
    sealed = (rule["slug"] for rule in rules() if rule["kind"] == "auction" and rule["slug"] != problem["mechanism"])
    problems = [problem, *(other for slug in sealed if (other := _under(slug, problem)))]
    made = run_each_apart(problems)
    if not made:
        raise too_long(limits.COMPARE_SECONDS)
    if "code" in made[0]:
        raise not_taken(made[0]["detail"])
    for tried, outcome in zip(problems, made, strict=False):  # a rule that was not reached in time is no comparison
        if "code" not in outcome:
            yield _cleared(tried, outcome, chosen=tried is problem)


def drawn_curves(problem: dict[str, Any]) -> dict[str, Any] | None:
    """Supply and demand of a single lot; None where there are several."""
    if len(problem["lots"]) != 1:
        return None
    return curves(prepare(mechanisms.get(problem["mechanism"]), problem), problem["lots"][0]["id"])


def _under(slug: str, problem: dict[str, Any]) -> dict[str, Any] | None:
    """The same lots and bids under another rule with its own defaults; None where it does not take them."""
    spec = mechanisms.get(slug)
    if spec.sides != mechanisms.get(problem["mechanism"]).sides:
        return None
    other = {**problem, "mechanism": slug, "params": carried(slug, problem["params"])}
    if slug == "vcg_exchange":
        other["params"]["deficit_cap"] = 0  # as markets have it: nobody pays what is missing
    try:
        prepare(spec, other)
    except ProblemError:
        return None
    return other


def _cleared(problem: dict[str, Any], made: dict[str, Any], *, chosen: bool) -> Cleared:
    outcome = Outcome.from_json(made)
    read = Problem.from_json(problem)
    words: dict[str, Any] = {"exponent": problem["exponent"], "currency": problem["currency"]}
    return Cleared(
        slug=problem["mechanism"],
        title=mechanisms.get(problem["mechanism"]).title,
        chosen=chosen,
        status=outcome.status,
        revenue=amount_text(sum(max(0, amount) for amount in outcome.payments.values()), **words),
        welfare=amount_text(outcome.welfare, **words),
        winners=len(outcome.awards),
        prices=[(lot, amount_text(price, **words)) for lot, price in sorted(outcome.prices.items())],
        unit_price=next(iter(outcome.prices.values())) if len(outcome.prices) == 1 else None,
        traded=sum(max(0, quantity) for award in outcome.awards for quantity in award.bundle.values()),
        awards=list(_awards(read, outcome, words)),
    )


def _awards(problem: Problem, outcome: Outcome, words: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Who got what, what it was worth by its bid, and what it pays."""
    for bid in problem.bids[: limits.PAGE_ROWS]:
        award = outcome.award_of(bid.agent)
        if award is None:
            continue
        got = ", ".join(f"{abs(quantity)} x {lot}" for lot, quantity in sorted(award.bundle.items()) if quantity)
        yield bid.agent, got, amount_text(award.value, **words), amount_text(outcome.payments[bid.agent], **words)
