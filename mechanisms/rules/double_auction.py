"""Sealed double auction: supply meets demand at one price inside the interval that clears the market."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from pydantic import Field

from mechanisms.book import Book, Column, Fill, Rows, at_one_price, nothing
from mechanisms.claims import fails, holds
from mechanisms.params import ExactDecimal, Params, Rationing
from mechanisms.rationing import ration
from mechanisms.spec import Spec


class DoubleAuctionParams(Params):
    """Where in the clearing interval the price lies, and who trades of those at it."""

    k: ExactDecimal = Field(
        "0.5",
        ge=0,
        le=1,
        validate_default=True,
        title="k",
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
        *holds("symmetric", assumes=("single_identity",)),
        *fails("truthful", "efficient", assumes=("private_values", "quasilinear", "no_binding_budget")),
    ),
)


class Curve(NamedTuple):
    """One side, best orders first: row numbers, their prices and cumulative quantities."""

    rows: Rows
    price: Column
    reached: Column


def clear_lot(book: Book, params: DoubleAuctionParams) -> Fill:
    """The largest welfare-maximal quantity q at L + floor(k (H - L))."""
    demand, supply = curve(book, buyers=True), curve(book, buyers=False)
    q = quantity(demand, supply)
    if q == 0:
        return nothing(book, quantity=0)
    low, high = interval(demand, supply, q)
    price = low + int(Fraction(params.k) * (high - low) // 1)
    filled = np.zeros(len(book.price), np.int64)
    for side in (demand, supply):
        fill_side(book, side, q, price, params.rationing, filled)
    return at_one_price(book, filled, price, quantity=q, low=low, high=high)


def curve(book: Book, *, buyers: bool) -> Curve:
    """Demand by falling price, or supply by rising price."""
    rows = book.side(buyers)
    rows = rows[np.argsort(-book.price[rows] if buyers else book.price[rows], kind="stable")]
    return Curve(rows, book.price[rows], np.cumsum(np.abs(book.quantity[rows])))


def quantity(demand: Curve, supply: Curve) -> int:
    """The largest q whose q-th demand price is at least the q-th supply price."""
    if not demand.rows.size or not supply.rows.size:
        return 0
    offered = np.concatenate(([0], supply.reached))[np.searchsorted(supply.price, demand.price, side="right")]
    return int(np.minimum(demand.reached, offered).max())


def interval(demand: Curve, supply: Curve, q: int) -> tuple[int, int]:
    """L = max(s_(q), d_(q+1)) and H = min(d_(q), s_(q+1)); a missing neighbour drops out."""
    lows, highs = [unit(supply, q)], [unit(demand, q)]
    lows += [price for price in [unit(demand, q + 1)] if price is not None]
    highs += [price for price in [unit(supply, q + 1)] if price is not None]
    return max(p for p in lows if p is not None), min(p for p in highs if p is not None)


def unit(side: Curve, number: int) -> int | None:
    """The price of the unit of that number, counted from the best; None past the last."""
    index = int(np.searchsorted(side.reached, number))
    return int(side.price[index]) if index < len(side.price) else None


def fill_side(book: Book, side: Curve, q: int, price: int, rationing: str, filled: Column) -> None:
    """Orders better than the price fill; those at it share what is left of q."""
    buyers = bool(book.quantity[side.rows[0]] > 0)
    sign = 1 if buyers else -1
    better = side.rows[side.price > price if buyers else side.price < price]
    at_price = side.rows[side.price == price]
    filled[better] = book.quantity[better]
    left = q - int(np.abs(book.quantity[better]).sum())
    filled[at_price] = sign * ration(book, at_price, left, rationing)
