"""Uniform-price auction: equal units, the best units win, and all of them pay one price."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mechanisms.book import Book, Fill, nothing, priced_by_score
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.merit import standing
from mechanisms.params import OneSided, Rationing
from mechanisms.spec import Spec


class UniformPriceParams(OneSided):
    """Which unit sets the price, and who wins of those at the margin."""

    price: Literal["first_rejected", "last_accepted"] = Field(
        "first_rejected", title="Price", description="The best unit left unfilled, or the worst one that was filled."
    )
    rationing: Rationing = Field(
        "lottery",
        title="Rationing",
        description="How equals at the margin share the rest: by lot, or in proportion.",
    )


SPEC = Spec(
    slug="uniform_price",
    title="Uniform price",
    summary="Several equal units; the best offers win and all pay the same price per unit.",
    paper="Ausubel, Cramton, Pycia et al. (2014), Demand Reduction and Inefficiency, Rev. Econ. Studies 81",
    pricing="Every unit sold has one price: the best offer left out, or the worst one taken, as the market states.",
    params=UniformPriceParams,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "core_for_reports", "envy_free"),
        *holds("symmetric"),
        *holds("revenue_monotone", assumes=("fixed_reserve",), price="first_rejected"),
        *fails("revenue_monotone", assumes=("fixed_reserve",), price="last_accepted"),
        *holds("truthful", "efficient", assumes=(*TRUTH_RESERVED, "unit_demand"), price="first_rejected"),
        *fails("truthful", "efficient", assumes=(*TRUTH_RESERVED, "unit_demand"), price="last_accepted"),
        *holds("false_name_proof", assumes=(*TRUTH_RESERVED, "unit_demand"), price="first_rejected"),
        *fails("false_name_proof", assumes=(*TRUTH_RESERVED, "unit_demand"), price="last_accepted"),
    ),
)


def clear_lot(book: Book, params: UniformPriceParams) -> Fill:
    """Fill the supply from the best score down; the price is the first rejected or the last accepted score."""
    taken = standing(book, params.rationing)
    if taken.last is None:
        return nothing(book)
    rejected = book.floor if taken.rejected is None else taken.rejected
    return priced_by_score(book, taken.filled, rejected if params.price == "first_rejected" else taken.last)
