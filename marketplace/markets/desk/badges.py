"""What a rule promises and what it does not, in sentences: a badge for each claim of its declaration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mechanisms.claims import Claim
from mechanisms.registry import Spec

CLAIMS = {
    "feasible": ("Feasible", "Nothing is sold twice, and nobody gets what it did not ask for."),
    "individually_rational": ("No regret in taking part", "Nobody pays more than it bid."),
    "budget_balanced": ("Balanced", "What is paid and what is received are equal."),
    "weakly_budget_balanced": ("No subsidy", "The house never pays in."),
    "optimal_for_reports": ("Best for what was bid", "No other allocation has a greater total of the bids."),
    "core_for_reports": ("In the core", "No group could have offered the sellers more than was paid."),
    "pareto": ("Nothing wasted", "Nobody could be better off without another's loss."),
    "envy_free": ("No envy", "Nobody would rather have what another got, at the other's price."),
    "stable": ("Stable", "No two would rather have each other than what they got."),
    "truthful": ("Honesty pays", "To bid what a thing is worth is best, whatever the others do."),
    "truthful_for_sellers": ("Honesty pays sellers", "To ask what a thing costs one is best for sellers."),
    "truthful_for_proposers": ("Honesty pays proposers", "To state one's true wishes is best for who proposes."),
    "efficient": ("Efficient", "Things go to those to whom they are worth most."),
    "symmetric": ("Equal treatment", "Two who bid the same gain the same."),
    "revenue_monotone": ("More bidders, no less revenue", "Another bidder never lowers what the sellers get."),
    "false_name_proof": ("False names gain nothing", "Nobody gains by bidding under several names."),
    "scale_invariant": ("Units do not matter", "Utility in other units leads to the same agreement."),
    "independent_of_alternatives": ("What is not chosen does not matter", "Fewer alternatives change nothing."),
    "monotone": ("More to share hurts nobody", "A larger set of agreements makes nobody worse off."),
}
ASSUMPTIONS = {
    "private_values": "what a thing is worth to one does not hang on what others know",
    "quasilinear": "money counts the same to all, whatever they have",
    "no_binding_budget": "nobody's budget stops it from bidding its worth",
    "unit_demand": "each wants one unit at most",
    "unit_supply": "each sells one unit at most",
    "single_identity": "each bids under one name",
    "equal_budgets": "all have the same budget",
    "two_parties": "there are two parties",
    "fixed_reserve": "the reserve was fixed before the bids",
    "no_default": "everybody pays what it owes",
}


@dataclass(frozen=True)
class Badge:
    """One claim for the page: its label, its sentence, and on what it rests."""

    name: str
    holds: bool
    label: str
    sentence: str
    assumes: tuple[str, ...]
    when: str


def badges(spec: Spec, params: Mapping[str, Any] | None = None) -> list[Badge]:
    """Every claim that the rule makes or denies, those that hold first; with params only what applies to them."""
    settled = None if params is None else spec.read_params(params)
    said = [claim for claim in spec.claims if claim.status != "not_applicable"]
    if settled is not None:
        said = [claim for claim in said if claim.applies(settled)]
    return sorted((_badge(claim) for claim in said), key=lambda badge: not badge.holds)


def _badge(claim: Claim) -> Badge:
    label, sentence = CLAIMS[claim.name]
    when = ", ".join(f"{name} is {value}" for name, value in claim.when)
    assumes = tuple(ASSUMPTIONS[name] for name in claim.assumes)
    return Badge(claim.name, claim.status == "holds", label, sentence, assumes, when)
