"""First-price sealed-bid auction: the highest bid wins and pays itself."""

from __future__ import annotations

from mechanisms.book import Book, Fill, nothing, one_unit
from mechanisms.claims import TRUTH_RESERVED, fails
from mechanisms.one_item import CLAIMS, OneItemSpec, winning_row
from mechanisms.params import OneSided

SPEC = OneItemSpec(
    slug="first_price",
    title="First-price sealed bid",
    summary="One item; the highest sealed bid wins and pays what it bid.",
    pricing="The winner pays its own bid.",
    claims=(*CLAIMS, *fails("truthful", "efficient", "false_name_proof", assumes=TRUTH_RESERVED)),
)


def clear_lot(book: Book, params: OneSided) -> Fill:
    """The best score among those that meet the floor pays itself."""
    winner = winning_row(book)
    return nothing(book) if winner is None else one_unit(book, winner, int(book.score[winner]))
