"""Sealed bids for one item: what rules that differ only in the winner's price have in common."""

from __future__ import annotations

from dataclasses import dataclass

from mechanisms.book import Book
from mechanisms.claims import Claim, holds
from mechanisms.params import OneSided, Params
from mechanisms.spec import ONE_LOT, Sizes, Spec
from mechanisms.topmost import best_rows

# Claims that hold at the winner's own price, at the best losing one, and at any price between.
CLAIMS: tuple[Claim, ...] = (
    *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "core_for_reports", "envy_free"),
    *holds("symmetric"),
    *holds("revenue_monotone", assumes=("fixed_reserve",)),
)


@dataclass(frozen=True, kw_only=True)
class OneItemSpec(Spec):
    """A rule for one lot of supply 1, which the best bid wins."""

    paper: str = "Vickrey (1961), Counterspeculation, Auctions, and Competitive Sealed Tenders, Journal of Finance 16"
    params: type[Params] = OneSided
    unit_supply: bool = True
    sizes: Sizes = ONE_LOT


def winning_row(book: Book) -> int | None:
    """The row of the best score that meets the floor, equals drawn by priority; None where there is none."""
    best, tied = best_rows(book)
    if best < book.floor or not tied.size:
        return None
    return int(tied[book.agent[tied] == book.favoured(tied)[0]][0])
