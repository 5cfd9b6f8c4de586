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
    # Axioms of bargaining: other units of utility, fewer alternatives, more to agree on.
    "scale_invariant",
    "independent_of_alternatives",
    "monotone",
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


# What truth needs in any market before it can be best, and what it needs where a reserve stands.
TRUTH = ("private_values", "quasilinear", "no_binding_budget")
TRUTH_RESERVED = (*TRUTH, "fixed_reserve")


@dataclass(frozen=True)
class Claim:
    """One property of a rule: whether it holds, what that assumes, and for which parameters (empty: for all)."""

    name: str
    status: ClaimStatus = "holds"
    assumes: tuple[str, ...] = ()
    when: tuple[tuple[str, object], ...] = ()

    def applies(self, params: object) -> bool:
        """Whether these parameters are among those that the claim speaks of."""
        return all(getattr(params, name) == value for name, value in self.when)

    @property
    def scope(self) -> Literal["outcome", "rule"]:
        """`outcome`: checked on every outcome, relative to reports; `rule`: by audit and generated tests."""
        return "outcome" if self.name in OUTCOME_CLAIMS else "rule"


def holds(*names: str, assumes: tuple[str, ...] = (), **when: object) -> tuple[Claim, ...]:
    """Claims that hold under the same assumptions, for all parameters or for those that `when` names."""
    return tuple(Claim(name, "holds", assumes, tuple(when.items())) for name in names)


def fails(*names: str, assumes: tuple[str, ...] = (), **when: object) -> tuple[Claim, ...]:
    """Claims that fail even under the given assumptions; the audit shows a counterexample of each."""
    return tuple(Claim(name, "fails", assumes, tuple(when.items())) for name in names)
