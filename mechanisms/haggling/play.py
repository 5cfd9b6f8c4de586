"""The course of a haggle: whose turn it is, what may be done, and how each move changes that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from mechanisms.errors import ProblemError, escape
from mechanisms.haggling.types import Haggle
from mechanisms.moves import CLOCK, Move, View, before, in_time, later

AnswerSeconds = Annotated[
    int | None,
    Field(
        ge=1,
        le=604_800,
        title="Seconds to answer",
        description="Silence for so long after a move ends it without agreement; nothing: time does not end it.",
    ),
]
NOTHING = {"type": "object", "maxProperties": 0}


class Terms(NamedTuple):
    """How a haggle goes: offers in all, who offers first ("" either), who after a rejection, seconds for an answer."""

    rounds: int
    first: str
    either_again: bool
    answer_s: int | None
    by_second: bool = False


@dataclass(frozen=True)
class Position:
    """After some moves: how many offers were made, the standing one and whose it is, who may offer, how it ended."""

    round: int = 0
    offer: tuple[tuple[str, str | int], ...] | None = None
    by: str | None = None
    speakers: tuple[str, ...] = ()
    at: str | None = None
    ended: str | None = None


def begin(problem: Haggle, terms: Terms) -> Position:
    """Before the first move."""
    if terms.first and terms.first not in problem.parties:
        raise ProblemError("unknown_party", f"no party is called {terms.first!r}", "/params/first")
    if terms.answer_s is not None and problem.opened_at is None:
        raise ProblemError("missing_field", "where time counts, opened_at says from when", "/opened_at")
    if terms.by_second and problem.opened_at is None:
        raise ProblemError("missing_field", "a discount by the second needs opened_at", "/opened_at")
    return Position(speakers=(terms.first,) if terms.first else tuple(problem.agents()), at=problem.opened_at)


def step(problem: Haggle, terms: Terms, here: Position, move: Move) -> Position:
    """The position after a move; ProblemError where it is not legal."""
    if here.ended:
        raise ProblemError("over", "it is over: no move counts any more", "/type")
    due = deadline(problem, terms, here)
    in_time(move, last=here.at, due=due, counts=due is not None or terms.by_second)
    if move.agent == CLOCK:
        return replace(here, ended="timeout", at=move.at)
    if move.agent not in problem.parties:
        raise ProblemError("unknown_party", f"no party is called {move.agent!r}", "/agent")
    kinds = _kinds(terms, here, move.agent)
    if not kinds:
        raise ProblemError("out_of_turn", "it is the other party's turn", "/agent")
    if move.type not in kinds:
        raise ProblemError("illegal_move", f"legal now: {', '.join(kinds)}", "/type")
    now = replace(here, at=move.at or here.at)
    if move.type == "offer":
        offer = tuple(read_offer(problem, move.data).items())
        return replace(now, round=here.round + 1, offer=offer, by=move.agent)
    if move.data:
        raise ProblemError("unknown_field", f"{move.type} takes no data", "/data")
    if move.type == "accept":
        return replace(now, ended="accept")
    if move.type == "walk_away" or here.round == terms.rounds:
        return replace(now, ended=move.type)
    speakers = tuple(problem.agents()) if terms.either_again else (move.agent,)
    return replace(now, offer=None, by=None, speakers=speakers)


def deadline(problem: Haggle, terms: Terms, here: Position) -> str | None:
    """When the clock may end it: once an answer is missing for too long, and at the close at the latest."""
    if here.ended:
        return None
    answer = None if terms.answer_s is None or here.at is None else later(here.at, terms.answer_s)
    if answer is None or problem.closes_at is None:
        return answer or problem.closes_at
    return answer if before(answer, problem.closes_at) else problem.closes_at


def _kinds(terms: Terms, here: Position, party: str) -> tuple[str, ...]:
    if here.ended:
        return ()
    if here.offer is None:
        return ("offer", "walk_away") if party in here.speakers else ()
    if party == here.by:
        return ()
    again = ("offer",) if here.round < terms.rounds else ()
    return ("accept", "reject", *again, "walk_away")


def read_offer(problem: Haggle, data: dict[str, Any]) -> dict[str, str | int]:
    """`{"agreement": {issue: value}}`, a value of the domain for each issue; raises ProblemError."""
    if set(data) != {"agreement"} or not isinstance(data["agreement"], dict):
        raise ProblemError("missing_field", "an offer is an agreement: a value for each issue", "/data/agreement")
    offered = data["agreement"]
    for issue in offered:
        if issue not in problem.issues:
            raise ProblemError("unknown_issue", f"no issue is called {issue!r}", f"/data/agreement/{escape(issue)}")
    for issue, values in problem.issues.items():
        value = offered.get(issue)
        if isinstance(value, bool) or not any(type(own) is type(value) and own == value for own in values):
            raise ProblemError(
                "outside_domain", f"{issue!r} takes one of its values", f"/data/agreement/{escape(issue)}"
            )
    return {issue: offered[issue] for issue in problem.issues}


def view(problem: Haggle, terms: Terms, here: Position) -> View:
    """What may be seen and done: offers are public between the two."""
    legal = {
        party: [{"type": kind, "data": _schema(_Domain(problem)) if kind == "offer" else NOTHING} for kind in kinds]
        for party in problem.agents()
        if (kinds := _kinds(terms, here, party))
    }
    public = {
        "round": here.round,
        "rounds": terms.rounds,
        "offer": None if here.offer is None else dict(here.offer),
        "offered_by": here.by,
        "ended": here.ended,
    }
    return View(tuple(legal), legal, deadline(problem, terms, here), public, {party: {} for party in problem.agents()})


class _Domain:
    """The issues of one problem, compared by identity."""

    def __init__(self, problem: Haggle) -> None:
        self.issues = problem.issues

    def __hash__(self) -> int:
        return id(self.issues)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Domain) and other.issues is self.issues


@lru_cache(maxsize=64)
def _schema(domain: _Domain) -> dict[str, Any]:
    issues = {issue: {"enum": list(values)} for issue, values in domain.issues.items()}
    agreement = {"type": "object", "properties": issues, "required": list(issues), "additionalProperties": False}
    whole = {"type": "object", "properties": {"agreement": agreement}, "required": ["agreement"]}
    return whole | {"additionalProperties": False}
