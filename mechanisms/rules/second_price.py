"""Second-price sealed-bid auction: the highest bid wins and pays the best bid of another agent."""

from __future__ import annotations

from mechanisms.book import Book, Fill, nothing, one_unit
from mechanisms.claims import TRUTH_RESERVED, holds
from mechanisms.params import OneSided
from mechanisms.spec import Spec
from mechanisms.topmost import best_rival, best_rows


class Params(OneSided):
    """Only the direction."""


SPEC = Spec(
    slug="second_price",
    title="Second-price sealed bid",
    summary="One item; the highest sealed bid wins and pays the second highest, so bidding one's value is best.",
    paper="Vickrey (1961), Counterspeculation, Auctions, and Competitive Sealed Tenders, Journal of Finance 16",
    pricing="The winner pays the best bid of another agent, or the reserve where no other bid is better than it.",
    params=Params,
    unit_supply=True,
    max_lots=1,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "core_for_reports", "envy_free"),
        *holds("symmetric"),
        *holds("revenue_monotone", assumes=("fixed_reserve",)),
        *holds("truthful", "efficient", assumes=TRUTH_RESERVED),
        *holds("false_name_proof", assumes=TRUTH_RESERVED),
    ),
)


def clear_lot(book: Book, params: Params) -> Fill:
    """The best score wins; it pays the best score of another agent, at least the floor."""
    best, tied = best_rows(book)
    if best < book.floor or not tied.size:
        return nothing(book)
    winner = tied[book.agent[tied] == book.favoured(tied)[0]][0]
    rival = best_rival(book, int(book.agent[winner]))
    return one_unit(book, winner, max(rival, book.floor))
