"""The incentive audit: every claim of a rule is tried where it should hold and broken where it should break."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from msgspec import json

from mechanisms.check.breaking import BREAKERS
from mechanisms.check.cases import kind_module
from mechanisms.check.claims import CHECKS
from mechanisms.check.generating import generate, params_for
from mechanisms.check.lying import Lie
from mechanisms.check.trials import TRIALS, Trial
from mechanisms.claims import OUTCOME_CLAIMS, Claim
from mechanisms.engine import clear
from mechanisms.spec import Spec
from mechanisms.types import Problem


@dataclass(frozen=True)
class Verdict:
    """What the audit found about one claim.

    `tried` problems; `counterexample` refutes the claim (None: none was found); `broken` has, for a claim that holds, a
    counterexample for each assumption that was dropped. A verdict `stands` if the declaration survived.
    """

    claim: Claim
    tried: int
    counterexample: Lie | None
    broken: dict[str, Lie | None]

    @property
    def stands(self) -> bool:
        """Holds: nothing found, and every assumption needed. Fails: a counterexample found."""
        if self.claim.status == "fails":
            return self.counterexample is not None
        return self.counterexample is None and None not in self.broken.values()

    def in_words(self) -> str:
        """One line, with the profitable lie where one was found."""
        head = f"{'ok ' if self.stands else 'NOT'} {self.claim.name} {self.claim.status}"
        when = "".join(f" [{name}={value}]" for name, value in self.claim.when)
        found = (
            f"{self.tried} problems tried"
            if self.counterexample is None
            else "counterexample " + _line(self.counterexample)
        )
        broken = [f"\n      without {name}: {_line(lie)}" for name, lie in self.broken.items() if lie is not None]
        return f"{head}{when}: {found}{''.join(broken)}"

    def to_dict(self) -> dict[str, Any]:
        """JSON values; each counterexample has two problem files, `problem` and `lied`."""
        return {
            "claim": self.claim.name,
            "declared": self.claim.status,
            "assumes": list(self.claim.assumes),
            "when": dict(self.claim.when),
            "stands": self.stands,
            "tried": self.tried,
            "counterexample": _lie(self.counterexample),
            "without": {name: _lie(lie) for name, lie in self.broken.items()},
        }


def _line(lie: Lie) -> str:
    """What is wrong in which problem; of a lie, who gains how much by stating what."""
    problem = lie.problem.to_json().decode()
    if lie.told or not lie.gain:
        return f"{lie.told or 'beside ' + lie.lied.to_json().decode()}, in {problem}"
    return f"{lie.agent} gains {lie.gain} by stating {_news(lie)}, in {problem}"


def _news(lie: Lie) -> str:
    """The bids that are not in the truthful problem, or where these are the same, the other parts that differ."""
    before, after = lie.problem.to_dict(), lie.lied.to_dict()
    bids = [bid for bid in after.get("bids", ()) if bid not in before["bids"]]
    return json.encode(bids or {name: part for name, part in after.items() if part != before.get(name)}).decode()


def _lie(lie: Lie | None) -> dict[str, Any] | None:
    if lie is None:
        return None
    return {"agent": lie.agent, "gain": lie.gain, "problem": lie.problem.to_dict(), "lied": lie.lied.to_dict()}


def audit(spec: Spec, *, problems: int = 100, seed: int = 0, only: str = "") -> list[Verdict]:
    """A verdict on each declared claim (or on those named `only`), from `problems` random problems for each that holds.

    Of a claim that fails, the counterexample is the one with the largest gain among as many problems; where those hold
    none, and for each assumption that is dropped, 50 times as many (of these at least 1000) are searched for a first.
    """
    named = [claim for claim in spec.claims if only in ("", claim.name)]
    return [audit_claim(spec, claim, problems=problems, seed=seed) for claim in named]


def audit_claim(spec: Spec, claim: Claim, *, problems: int = 100, seed: int = 0) -> Verdict:
    """The verdict on one claim; the same seed gives the same verdict."""
    rng = Random(f"{seed} {spec.slug} {claim}")
    trial = _outcome_trial if claim.name in OUTCOME_CLAIMS else _own(spec, "TRIALS")[claim.name]
    at_least = 1 if claim.status == "holds" else min(problems, 100)
    limit = problems if claim.status == "holds" else 50 * problems
    tried, found = _search(spec, claim, rng, limit, claim.assumes, trial, at_least)
    broken = {
        name: break_assumption(spec, claim, name, limit=max(1000, 50 * problems), seed=seed)
        for name in _breakable(spec, claim)
    }
    return Verdict(claim, tried, found, broken)


def break_assumption(spec: Spec, claim: Claim, name: str, *, limit: int = 5000, seed: int = 0) -> Lie | None:
    """A counterexample to a claim that holds, in a world where only this assumption does not; None if none is found."""
    rest = [other for other in claim.assumes if other != name]
    rng = Random(f"{seed} {spec.slug} {claim} without {name}")
    return _search(spec, claim, rng, limit, rest, _own(spec, "BREAKERS")[claim.name][name])[1]


def _breakable(spec: Spec, claim: Claim) -> list[str]:
    """Assumptions to drop. What refutes `truthful` refutes the claims that contain it, so those need not repeat it."""
    if claim.status != "holds" or claim.name not in _own(spec, "BREAKERS"):
        return []
    stronger = claim.name in ("efficient", "false_name_proof")
    said = [other for other in spec.claims if other.name == "truthful" and other.when == claim.when] if stronger else []
    return [name for name in claim.assumes if not any(name in other.assumes for other in said)]


def _own(spec: Spec, table: str) -> Any:
    """The checks, trials or breakers of the rule's kind."""
    auctions = {"CHECKS": CHECKS, "TRIALS": TRIALS, "BREAKERS": BREAKERS}
    return auctions[table] if spec.kind == "auction" else getattr(kind_module(spec.kind), table)


def _search(
    spec: Spec,
    claim: Claim,
    rng: Random,
    limit: int,
    assumes: list[str] | tuple[str, ...],
    trial: Trial,
    at_least: int = 1,
) -> tuple[int, Lie | None]:
    best: Lie | None = None
    for count in range(1, limit + 1):
        problem = generate(spec, rng, params_for(spec, claim, rng), assumes)
        found = trial(spec, claim, problem, rng)
        if found is not None and (best is None or found.gain > best.gain):
            best = found
        if best is not None and count >= at_least:
            return count, best
    return limit, best


def _outcome_trial(spec: Spec, claim: Claim, problem: Problem, rng: Random) -> Lie | None:
    """A problem whose outcome the claim's own check refutes; nobody lies."""
    outcome = clear(problem)
    finding = next(iter(_own(spec, "CHECKS")[claim.name](problem, outcome)), None)
    return None if finding is None else Lie(problem, "", problem, 0, finding.detail)
