"""The closed lists from which a rule's claims and their assumptions are taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

OutcomeClaim = Literal[
    "feasible",
    "individually_rational",
    "budget_balanced",
    "weakly_budget_balanced",
    "optimal_for_reports",
    "core_for_reports",
    "pareto",
    "envy_free",
    "stable",
]
RuleClaim = Literal[
    "truthful",
    "truthful_for_sellers",
    "truthful_for_proposers",
    "efficient",
    "symmetric",
    "revenue_monotone",
    "false_name_proof",
]
Assumption = Literal[
    "private_values",
    "quasilinear",
    "no_binding_budget",
    "unit_demand",
    "unit_supply",
    "single_identity",
    "equal_budgets",
    "two_parties",
    "fixed_reserve",
    "no_default",
]
ClaimStatus = Literal["holds", "fails", "not_applicable"]

OUTCOME_CLAIMS: tuple[str, ...] = get_args(OutcomeClaim)
RULE_CLAIMS: tuple[str, ...] = get_args(RuleClaim)
ASSUMPTIONS: tuple[str, ...] = get_args(Assumption)
STATUSES: tuple[str, ...] = get_args(ClaimStatus)


@dataclass(frozen=True)
class Claim:
    """One property of a rule: whether it holds, and what that assumes."""

    name: str
    status: ClaimStatus = "holds"
    assumes: tuple[str, ...] = ()

    @property
    def scope(self) -> Literal["outcome", "rule"]:
        """`outcome`: checked on every outcome, relative to reports; `rule`: by audit and generated tests."""
        return "outcome" if self.name in OUTCOME_CLAIMS else "rule"


def holds(*names: str, assumes: tuple[str, ...] = ()) -> tuple[Claim, ...]:
    """Claims that hold under the same assumptions."""
    return tuple(Claim(name, "holds", assumes) for name in names)


def fails(*names: str, assumes: tuple[str, ...] = ()) -> tuple[Claim, ...]:
    """Claims that fail even under the given assumptions; the audit shows a counterexample of each."""
    return tuple(Claim(name, "fails", assumes) for name in names)
