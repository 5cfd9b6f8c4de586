"""Vickrey pricing of slots: each bidder pays the clicks that its presence costs the bidders below it."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from mechanisms.book import Book, Fill
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.positions import PositionParams, Ranked, ranking, slots
from mechanisms.spec import ONE_LOT, Spec


class PositionVcgParams(PositionParams):
    """Clicks by slot and quality by agent."""


SPEC = Spec(
    slug="position_vcg",
    title="Vickrey pricing of slots",
    summary="Advertising slots; each bidder pays for the clicks that it takes from those below, so truth is best.",
    paper="Varian and Harris (2014), The VCG Auction in Theory and Practice, American Economic Review 104",
    pricing="The clicks that each slot adds are paid at the price that wins them, at least the reserve.",
    params=PositionVcgParams,
    languages=("steps",),
    unit_bids=True,
    sizes=ONE_LOT,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "symmetric"),
        *holds("revenue_monotone", assumes=("fixed_reserve",), quality={}),
        *fails("revenue_monotone", assumes=("fixed_reserve",)),
        *holds("truthful", "efficient", assumes=(*TRUTH_RESERVED, "single_identity")),
        *fails("false_name_proof", assumes=TRUTH_RESERVED),
    ),
)


def clear_lot(book: Book, params: PositionVcgParams) -> Fill:
    """Rank by quality times price; pay each rung's clicks at the price that holds it, the sum rounded up."""
    order = ranking(book, params)
    held = range(min(len(order), len(params.clicks)))
    return slots(book, params, order, [ceil(pivot(place, order, params, book.reserve)) for place in held])


def pivot(place: int, order: list[Ranked], params: PositionVcgParams, reserve: int) -> Fraction:
    """The sum over rungs at and below `place` of their extra clicks times the price that beats the bidder beneath."""
    clicks = (*params.clicks, 0)
    total = Fraction(0)
    for rung in range(place, len(params.clicks)):
        beneath = order[rung + 1].quality * order[rung + 1].price if rung + 1 < len(order) else Fraction(0)
        total += (clicks[rung] - clicks[rung + 1]) * max(Fraction(reserve), beneath / order[place].quality)
    return total
