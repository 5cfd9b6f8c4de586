"""Sealed double auction: supply meets demand at one price inside the interval that clears the market."""

from __future__ import annotations

from fractions import Fraction

from pydantic import Field

from mechanisms.book import Book, Fill, at_one_price, nothing
from mechanisms.claims import TRUTH, fails, holds
from mechanisms.crossing import Crossing, cross, fill_at
from mechanisms.params import ExactDecimal, Params, Rationing
from mechanisms.spec import Spec


class DoubleAuctionParams(Params):
    """Where in the clearing interval the price lies, and who trades of those at it."""

    k: ExactDecimal = Field(
        "0.5",
        ge=0,
        le=1,
        validate_default=True,
        title="k",
        examples=["0", "0.5", "1", "0.3"],
        description="0: the lowest clearing price; 1: the highest; 0.5: the middle. Any decimal between, exact.",
    )
    rationing: Rationing = Field(
        "pro_rata",
        title="Rationing",
        description="How equals at the price share the long side: in proportion, or by lot.",
    )


SPEC = Spec(
    slug="double_auction",
    title="Double auction (k-pricing)",
    summary="Many buyers and sellers of equal units; all trades happen at one price where supply meets demand.",
    paper="Wilson (1985), Incentive Efficiency of Double Auctions, Econometrica 53; Rustichini et al. (1994)",
    pricing="One price for all, between the last trade's ask and bid, that no untraded order would have bettered.",
    params=DoubleAuctionParams,
    sides="two",
    claims=(
        *holds("feasible", "individually_rational", "budget_balanced", "weakly_budget_balanced", "optimal_for_reports"),
        *holds("pareto", "core_for_reports", "envy_free"),
        *holds("symmetric"),
        *fails("truthful", "efficient", "false_name_proof", assumes=(*TRUTH, "unit_demand", "unit_supply")),
    ),
)


def clear_lot(book: Book, params: DoubleAuctionParams) -> Fill:
    """The largest welfare-maximal quantity q, all at L + floor(k (H - L))."""
    crossing = cross(book)
    q = crossing.q
    if q == 0:
        return nothing(book, quantity=0)
    low, high = interval(crossing)
    price = low + int(Fraction(params.k) * (high - low) // 1)
    filled = fill_at(book, q, price, price, params.rationing)
    return at_one_price(book, filled, price, quantity=q, low=low, high=high)


def interval(crossing: Crossing) -> tuple[int, int]:
    """L = max(s_(q), d_(q+1)) and H = min(d_(q), s_(q+1)); a missing neighbour drops out."""
    lows = crossing.ask(crossing.q), crossing.bid(crossing.q + 1)
    highs = crossing.bid(crossing.q), crossing.ask(crossing.q + 1)
    return max(price for price in lows if price is not None), min(price for price in highs if price is not None)
