"""Generalized second price: slots in the order of bids, each click at the price that keeps the rank."""

from __future__ import annotations

from math import ceil

from mechanisms.book import Book, Fill
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.positions import PositionParams, rank_prices, ranking, slots
from mechanisms.spec import ONE_LOT, Spec


class GspParams(PositionParams):
    """Clicks by slot and quality by agent."""


SPEC = Spec(
    slug="gsp",
    title="Generalized second price",
    summary="Advertising slots; the higher the bid, the better the slot, and each click costs the next bid.",
    paper="Edelman, Ostrovsky and Schwarz (2007), Internet Advertising and the GSP Auction, Amer. Econ. Review 97",
    pricing="Each click costs the least price that keeps the rank before the next bidder, at least the reserve.",
    params=GspParams,
    languages=("steps",),
    unit_bids=True,
    sizes=ONE_LOT,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto"),
        *holds("revenue_monotone", assumes=("fixed_reserve",), quality={}),
        *fails("revenue_monotone", assumes=("fixed_reserve",)),
        *fails("truthful", "efficient", "false_name_proof", assumes=TRUTH_RESERVED),
        *fails("symmetric", "envy_free"),
    ),
)


def clear_lot(book: Book, params: GspParams) -> Fill:
    """Rank by quality times price; the per-click price is the least integer that keeps the rank."""
    order = ranking(book, params)
    prices = rank_prices(order, book.reserve)
    totals = [clicks * ceil(price) for clicks, price in zip(params.clicks, prices, strict=False)]
    return slots(book, params, order, totals)
