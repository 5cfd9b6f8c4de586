"""The ultimatum: one offers, the other takes it or leaves it."""

from __future__ import annotations

from pydantic import Field

from mechanisms.claims import fails, holds
from mechanisms.haggling.course import Course
from mechanisms.haggling.play import AnswerSeconds, Terms
from mechanisms.params import Params
from mechanisms.spec import Spec


class UltimatumParams(Params):
    """Who offers, and how long an answer may take."""

    first: str = Field("", title="Proposer", description="Who makes the offer; empty: whoever comes first.")
    answer_s: AnswerSeconds = None


SPEC = Spec(
    slug="ultimatum",
    title="Ultimatum",
    summary="One party makes one offer; the other takes it or leaves it.",
    paper="Güth, Schmittberger and Schwarze (1982), An Experimental Analysis of Ultimatum Bargaining, JEBO 3",
    pricing="There was one offer, to be taken or left.",
    kind="haggling",
    visibility="open",
    params=UltimatumParams,
    claims=(*holds("feasible", "budget_balanced"), *fails("individually_rational", "pareto")),
)


def terms(params: UltimatumParams) -> Terms:
    """A single round."""
    return Terms(1, params.first, False, params.answer_s)


COURSE = Course(terms)
begin, step, view, exposure = COURSE.begin, COURSE.step, COURSE.view, COURSE.exposure
settle, solve = COURSE.settle, COURSE.solve
