"""A rule as another package would bring it: first price, once enough have bid."""

from pydantic import Field

from mechanisms.book import Book, Fill, nothing, one_unit
from mechanisms.one_item import CLAIMS, OneItemSpec, winning_row
from mechanisms.params import OneSided


class Quorum(OneSided):
    """How many must bid."""

    quorum: int = Field(2, ge=1, le=100, title="Quorum", description="How many bids must come before anything is sold.")


SPEC = OneItemSpec(
    slug="installed_rule",
    title="First price with a quorum",
    summary="One item; sold to the highest bid once enough have bid.",
    pricing="The winner pays its own bid.",
    params=Quorum,
    claims=CLAIMS,
)


def clear_lot(book: Book, params: Quorum) -> Fill:
    """The best score pays itself."""
    winner = winning_row(book)
    few = len(book.score) < params.quorum
    return nothing(book) if winner is None or few else one_unit(book, winner, int(book.score[winner]))
