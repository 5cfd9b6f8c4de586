"""First-price sealed-bid auction: the highest bid wins and pays itself."""

from __future__ import annotations

from mechanisms.book import Book, Fill, nothing, one_unit
from mechanisms.claims import TRUTH_RESERVED, fails, holds
from mechanisms.params import OneSided
from mechanisms.spec import Spec
from mechanisms.topmost import best_rows


class Params(OneSided):
    """Only the direction."""


SPEC = Spec(
    slug="first_price",
    title="First-price sealed bid",
    summary="One item; the highest sealed bid wins and pays what it bid.",
    paper="Vickrey (1961), Counterspeculation, Auctions, and Competitive Sealed Tenders, Journal of Finance 16",
    pricing="The winner pays its own bid.",
    params=Params,
    unit_supply=True,
    max_lots=1,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "core_for_reports", "envy_free"),
        *holds("symmetric"),
        *holds("revenue_monotone", assumes=("fixed_reserve",)),
        *fails("truthful", "efficient", "false_name_proof", assumes=TRUTH_RESERVED),
    ),
)


def clear_lot(book: Book, params: Params) -> Fill:
    """The best score among those that meet the floor; equals are drawn by priority."""
    best, tied = best_rows(book)
    if best < book.floor or not tied.size:
        return nothing(book)
    winner = tied[book.agent[tied] == book.favoured(tied)[0]][0]
    return one_unit(book, winner, best)
