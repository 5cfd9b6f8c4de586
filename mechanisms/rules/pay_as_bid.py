"""Pay-as-bid auction: the best offers win, each at its own price; equal units by steps, bundles by atoms."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from mechanisms.awarding import certified, outcome_of, proven
from mechanisms.book import Book, Fill, nothing
from mechanisms.bundles import Sale
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.merit import standing
from mechanisms.params import Bundled, Rationing
from mechanisms.spec import PROVABLE, Spec
from mechanisms.types import Outcome, Problem


class PayAsBidParams(Bundled):
    """Who wins of those at the margin."""

    rationing: Rationing = Field(
        "lottery",
        title="Rationing",
        description="How equals at the margin share the rest: by lot, or in proportion.",
    )


SPEC = Spec(
    slug="pay_as_bid",
    title="Pay as bid",
    summary="Equal units or bundles; the best offers win and each pays what it offered.",
    paper="Back and Zender (1993), Auctions of Divisible Goods, Review of Financial Studies 6",
    pricing="Every unit sold is paid at the price that was offered for it.",
    params=PayAsBidParams,
    languages=("atoms", "steps", "program"),
    bundles=True,
    bundle_sizes=PROVABLE,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "core_for_reports"),
        *holds("symmetric"),
        *fails("envy_free"),
        *fails("truthful", "efficient", "false_name_proof", assumes=TRUTH_RESERVED),
    ),
)


def clear_lot(book: Book, params: PayAsBidParams) -> Fill:
    """Fill the supply from the best score down; each unit pays its own score."""
    taken = standing(book, params.rationing)
    if taken.last is None:
        return nothing(book)
    return Fill(filled=taken.filled, payment=np.abs(taken.filled) * np.where(taken.filled != 0, book.score, 0))


def solve(problem: Problem, params: PayAsBidParams) -> Outcome:
    """Bundles: the allocation of the greatest welfare, each winner at its own value."""
    return proven(problem, params, at_own_values)


def at_own_values(sale: Sale) -> Outcome:
    """The outcome of a sale of bundles."""
    best = sale.best()
    payments = {agent: offer.value for agent, offer in sale.won(best).items()}
    return outcome_of(sale, best, payments, certified(sale, best))
