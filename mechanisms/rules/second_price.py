"""Second-price sealed-bid auction: the highest bid wins and pays the best bid of another agent."""

from __future__ import annotations

from mechanisms.book import Book, Fill, nothing, one_unit
from mechanisms.claims import TRUTH_RESERVED, holds
from mechanisms.one_item import CLAIMS, OneItemSpec, winning_row
from mechanisms.params import OneSided
from mechanisms.topmost import best_rival

SPEC = OneItemSpec(
    slug="second_price",
    title="Second-price sealed bid",
    summary="One item; the highest sealed bid wins and pays the second highest, so bidding one's value is best.",
    pricing="The winner pays the best bid of another agent, or the reserve where no other bid is better than it.",
    claims=(
        *CLAIMS,
        *holds("truthful", "efficient", assumes=TRUTH_RESERVED),
        *holds("false_name_proof", assumes=TRUTH_RESERVED),
    ),
)


def clear_lot(book: Book, params: OneSided) -> Fill:
    """The best score wins; it pays the best score of another agent, at least the floor."""
    winner = winning_row(book)
    if winner is None:
        return nothing(book)
    rival = best_rival(book, int(book.agent[winner]))
    return one_unit(book, winner, max(rival, book.floor))
