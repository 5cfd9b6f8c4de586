"""Second-price sealed-bid auction: the highest bid wins and pays the best bid of another agent."""

from __future__ import annotations

import numpy as np

from mechanisms.book import Book, Fill, nothing
from mechanisms.claims import holds
from mechanisms.params import OneSided
from mechanisms.spec import Spec


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
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "core_for_reports", "envy_free"),
        *holds("symmetric", assumes=("single_identity",)),
        *holds("revenue_monotone", "false_name_proof", assumes=("private_values", "quasilinear", "fixed_reserve")),
        *holds("truthful", "efficient", assumes=("private_values", "quasilinear", "no_binding_budget")),
    ),
)


def clear_lot(book: Book, params: Params) -> Fill:
    """The best score wins; it pays the best score of another agent, at least the floor."""
    rows = book.eligible()
    if not rows.size:
        return nothing(book)
    score = book.score[rows]
    tied = rows[score == score.max()]
    winner = tied[book.agent[tied] == book.favoured(tied)[0]][0]
    rivals = score[book.agent[rows] != book.agent[winner]]
    price = int(rivals.max()) if rivals.size else book.floor
    filled = np.zeros(len(book.price), np.int64)
    filled[winner] = np.sign(book.quantity[winner])
    return Fill(filled=filled, payment=np.abs(filled) * price, price=abs(price))
