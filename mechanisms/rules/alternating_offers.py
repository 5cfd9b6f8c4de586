"""Alternating offers: two parties take turns to offer, until one accepts, walks away, or time is over."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mechanisms.claims import fails, holds
from mechanisms.haggling.course import Course
from mechanisms.haggling.play import AnswerSeconds, Terms
from mechanisms.params import Params
from mechanisms.spec import Spec


class AlternatingParams(Params):
    """How many offers there can be, who makes them, and how long an answer may take."""

    rounds: int = Field(
        10, ge=1, le=100_000, title="Rounds", description="Offers in all; the last can only be answered."
    )
    first: str = Field("", title="First", description="Who makes the first offer; empty: whoever comes first.")
    after_reject: Literal["responder", "either"] = Field(
        "responder", title="After a rejection", description="Who may offer next: who rejected, or either."
    )
    answer_s: AnswerSeconds = None
    discount_per: Literal["round", "second"] = Field(
        "round",
        title="Discount per",
        description="What a party's discount is taken for: each round after the first, or second.",
    )


SPEC = Spec(
    slug="alternating_offers",
    title="Alternating offers",
    summary="Two parties take turns to offer until one accepts or walks away.",
    paper="Rubinstein (1982), Perfect Equilibrium in a Bargaining Model, Econometrica 50; Stahl (1972)",
    pricing="It ended with the moves that the two made.",
    kind="haggling",
    visibility="open",
    params=AlternatingParams,
    claims=(*holds("feasible", "budget_balanced"), *fails("individually_rational", "pareto")),
)


def terms(params: AlternatingParams) -> Terms:
    """The course that these parameters set."""
    either, by_second = params.after_reject == "either", params.discount_per == "second"
    return Terms(params.rounds, params.first, either, params.answer_s, by_second)


COURSE = Course(terms)
begin, step, view, exposure = COURSE.begin, COURSE.step, COURSE.view, COURSE.exposure
settle, solve = COURSE.settle, COURSE.solve
