"""One outcome as measures look at it: who got what for how much, what it was worth by report and in truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from mechanisms.bids import Bid
from mechanisms.check.slots import is_slots
from mechanisms.dynamic.types import Session
from mechanisms.engine import MARKET, prepare_any, run
from mechanisms.errors import ProblemError
from mechanisms.registry import get
from mechanisms.solve.errors import SolverFailedError
from mechanisms.types import Award, Outcome, Problem

MOST_BIDS = 400  # beyond, what needs a second clearing or all pairs is left out
BUYERS, SELLERS = "buyers", "sellers"


@dataclass(frozen=True)
class Clearing:
    """A problem of any kind, its outcome, and, of simulations, the bids that would have been the truth."""

    problem: Any
    outcome: Any
    truths: Sequence[Bid] = ()

    @cached_property
    def whole(self) -> Any:
        """The problem with its rule's defaults written out."""
        return prepare_any(get(self.outcome.mechanism), self.problem)

    @property
    def auction(self) -> bool:
        """Whether bids, awards and payments are those of an auction or exchange."""
        return isinstance(self.problem, Problem) and isinstance(self.outcome, Outcome)

    @property
    def sale(self) -> bool:
        """Whether lots went for money, by bids or by moves."""
        return isinstance(self.problem, Problem | Session) and isinstance(self.outcome, Outcome)

    @property
    def recorded(self) -> bool:
        """Whether others published it, so that no rule of ours stands for it."""
        return bool(self.outcome.certificate.get("grade") == "recorded")

    @property
    def two_sided(self) -> bool:
        """Whether bidders stand on both sides."""
        return get(self.outcome.mechanism).sides == "two"

    @property
    def buying(self) -> bool:
        """Whether the market buys: then bidders are the sellers."""
        return bool(self.problem.params.get("direction") == "buy")

    @property
    def small(self) -> bool:
        """Whether what grows with the square of the bids may be computed."""
        return len(self.problem.bids) <= MOST_BIDS

    @cached_property
    def awards(self) -> dict[str, Award]:
        """Awards by agent."""
        return {award.agent: award for award in self.outcome.awards}

    @cached_property
    def payments(self) -> dict[str, int]:
        """What each bidder pays, negative where it receives."""
        return dict(self.outcome.payments)

    @cached_property
    def taken(self) -> int:
        """What the market itself keeps; negative: what it adds."""
        into = sum(charge.amount for charge in self.outcome.charges if charge.payee == MARKET)
        return into - sum(charge.amount for charge in self.outcome.charges if charge.payer == MARKET)

    @cached_property
    def reported(self) -> dict[str, int]:
        """Reported value of what each bidder got, minus what it pays."""
        worth = {agent: award.value for agent, award in self.awards.items()}
        return {agent: worth.get(agent, 0) - paid for agent, paid in self.payments.items()}

    @cached_property
    def true(self) -> dict[str, int] | None:
        """True value of what each bidder got, minus what it pays; None where no truth was supplied."""
        if not self.truths:
            return None
        worth = {truth.agent: true_worth(truth, self.awards.get(truth.agent), self.problem) for truth in self.truths}
        return {agent: worth.get(agent, 0) - paid for agent, paid in self.payments.items()}

    @cached_property
    def kept(self) -> int:
        """What the reserves of the units sold come to."""
        return sum(award.value for award in self.outcome.awards) - int(self.outcome.welfare)

    @cached_property
    def best_reported(self) -> int | None:
        """The most welfare that these reports allow."""
        return self.best(self.whole)

    @cached_property
    def best_true(self) -> int | None:
        """The most welfare that the truth allows; None where none was supplied."""
        return self.best(self.truthful) if self.truths else None

    @property
    def truthful(self) -> Problem:
        """The same problem with everybody telling the truth."""
        stated = {truth.agent: truth for truth in self.truths}
        bids = tuple(stated.get(bid.agent, bid) for bid in self.whole.bids)
        found: Problem = replace(self.whole, bids=bids)
        return found

    def best(self, problem: Problem) -> int | None:
        """The most welfare that a problem's bids allow, by a rule that claims it; None where that is too much work."""
        rule, params = optimal_rule(problem)
        if not self.small:
            holds = problem is self.whole and not self.recorded and get(rule).slug == self.outcome.mechanism
            return int(self.outcome.welfare) if holds else None
        try:
            found = run(rule, problem, params)
        except (ProblemError, SolverFailedError):
            return None
        return None if found.status == "unproven" else int(found.welfare)


def optimal_rule(problem: Problem) -> tuple[str, Mapping[str, Any]]:
    """A rule whose outcome is optimal for the reports of such a problem, and its parameters."""
    bundles = any(len(atom.bundle) > 1 for bid in problem.bids for atom in bid.atoms or ())
    direction = {"direction": problem.params["direction"]} if "direction" in problem.params else {}
    if is_slots(problem):
        kept: dict[str, Any] = {name: value for name, value in problem.params.items() if name in ("clicks", "quality")}
        return "position_vcg", kept
    if get(problem.mechanism).sides == "two":
        atoms = any(bid.atoms is not None for bid in problem.bids)
        return ("vcg_exchange", {}) if bundles or atoms else ("double_auction", {})
    least = {"minimum": problem.params["minimum"]} if problem.params.get("minimum") else {}
    return "pay_as_bid", {**direction, **least}


def true_worth(truth: Bid, award: Award | None, problem: Problem) -> int:
    """What an award is worth by the agent's true bid: the best atom within the bundle, or the best units of each lot.

    Units sold beyond what the truth offers cost as much as its dearest unit.
    """
    if award is None:
        return 0
    if award.position is not None:
        return int(problem.params["clicks"][award.position - 1]) * max((s.price for s in truth.steps or ()), default=0)
    if truth.atoms is not None:
        fitting = (atom.value for atom in truth.atoms if _within(atom.bundle, award.bundle))
        return max(fitting, default=0)
    return sum(_units_worth(truth, lot, quantity) for lot, quantity in award.bundle.items())


def _within(asked: Mapping[str, int], got: Mapping[str, int]) -> bool:
    """Whether a bundle gives at least what an atom asks for, and takes at most what it offers."""
    lots = {*asked, *got}
    return all(asked.get(lot, 0) <= got.get(lot, 0) for lot in lots)


def _units_worth(truth: Bid, lot: str, quantity: int) -> int:
    sign = 1 if quantity > 0 else -1
    steps = [step for step in truth.steps or () if step.lot == lot and step.quantity * sign > 0]
    steps.sort(key=lambda step: -sign * step.price)
    left, total = abs(quantity), 0
    for step in steps:
        units = min(left, abs(step.quantity))
        total, left = total + sign * units * step.price, left - units
    if sign < 0 and left:
        total -= left * max((step.price for step in steps), default=0)
    return total
