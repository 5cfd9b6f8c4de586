"""What every rule must do, as test cases that a plug-in's own suite runs in three lines.

from mechanisms.conformance import cases
@pytest.mark.parametrize("case", cases("my_rule"), ids=str)
def test_conforms(case): case()
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.cases import Case as NoAuction
from mechanisms.check import verify
from mechanisms.check.auditing import audit_claim
from mechanisms.check.cases import kind_module
from mechanisms.check.generating import generate, random_params
from mechanisms.claims import Claim
from mechanisms.engine import run
from mechanisms.explaining import explain
from mechanisms.kinds import read_outcome, read_problem
from mechanisms.registry import get
from mechanisms.spec import Spec


@dataclass(frozen=True)
class Case:
    """One thing that must hold; calling it raises AssertionError, with the problem file, where it does not."""

    name: str
    check: Callable[[], None]

    def __call__(self) -> None:
        """Run the check."""
        self.check()

    def __str__(self) -> str:
        """The name, as a test's id."""
        return self.name


def cases(slug: str, *, problems: int = 40, seed: int = 0) -> list[Case]:
    """Conformance of a registered rule: verified outcomes, any order of bids, JSON, no trade, every claim."""
    spec = get(slug)

    def each(check: Callable[[Any, Random], None]) -> Callable[[], None]:
        return lambda: _on_many(spec, check, problems, seed)

    found = [
        Case("outcomes_pass_the_checks", each(_passes)),
        Case("order_of_bids_never_matters", each(_ignores_order)),
        Case("survives_json", each(_survives_json)),
        Case("no_bidders_no_trade", each(_nothing_from_nothing)),
        Case("explains_everybody", each(_explains)),
    ]
    return found + [_claim_case(spec, claim, problems, seed) for claim in spec.claims]


def _on_many(spec: Spec, check: Callable[[Any, Random], None], problems: int, seed: int) -> None:
    rng = Random(f"{seed} {spec.slug}")
    for _ in range(problems):
        problem = generate(spec, rng, random_params(spec, rng), atoms=True)
        try:
            check(problem, rng)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{problem.to_json().decode()}") from error


def _require(good: bool, words: object) -> None:
    if not good:
        raise AssertionError(str(words))


def _passes(problem: Any, rng: Random) -> None:
    found = verify(problem, run(problem.mechanism, problem))
    _require(not found, found)


def _ignores_order(problem: Any, rng: Random) -> None:
    if isinstance(problem, NoAuction):
        other = kind_module(get(problem.mechanism).kind).shuffled(problem, rng)
    else:
        other = replace(problem, bids=tuple(rng.sample(problem.bids, len(problem.bids))))
    same = run(problem.mechanism, other).to_json()
    _require(same == run(problem.mechanism, problem).to_json(), "another order of bids gives another outcome")


def _survives_json(problem: Any, rng: Random) -> None:
    outcome = run(problem.mechanism, problem)
    again = read_problem(problem.to_json())
    _require(run(problem.mechanism, again) == outcome, "a problem read from its own file gives another outcome")
    _require(read_outcome(outcome.to_json()).to_json() == outcome.to_json(), "an outcome changes in its own file")


def _nothing_from_nothing(problem: Any, rng: Random) -> None:
    if isinstance(problem, NoAuction):
        return  # who is there is part of a bargain
    outcome = run(problem.mechanism, replace(problem, bids=()))
    _require(outcome.status == "no_trade" and not outcome.awards, "without bidders nothing trades")


def _explains(problem: Any, rng: Random) -> None:
    outcome = run(problem.mechanism, problem)
    for agent in problem.agents() if isinstance(problem, NoAuction) else [bid.agent for bid in problem.bids]:
        _require(bool(explain(problem, outcome, agent)), "everybody is told why")


def _claim_case(spec: Spec, claim: Claim, problems: int, seed: int) -> Case:
    when = "".join(f"_{value}" for _, value in claim.when)

    def check() -> None:
        verdict = audit_claim(spec, claim, problems=problems, seed=seed)
        _require(verdict.stands, verdict.to_dict())

    return Case(f"{claim.name}_{claim.status}{when}", check)
