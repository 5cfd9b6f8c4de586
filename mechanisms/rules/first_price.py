"""First-price sealed-bid auction: the highest bid wins and pays itself."""

from __future__ import annotations

import numpy as np

from mechanisms.book import Book, Fill, nothing
from mechanisms.claims import fails, holds
from mechanisms.params import OneSided
from mechanisms.spec import Spec


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
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "core_for_reports", "envy_free"),
        *holds("symmetric", assumes=("single_identity",)),
        *holds("revenue_monotone", "false_name_proof", assumes=("private_values", "quasilinear", "fixed_reserve")),
        *fails("truthful", "efficient", assumes=("private_values", "quasilinear", "no_binding_budget")),
    ),
)


def clear_lot(book: Book, params: Params) -> Fill:
    """The best score among those that meet the reserve; equals are drawn by priority."""
    rows = book.eligible()
    if not rows.size:
        return nothing(book)
    score = book.score[rows]
    best = int(score.max())
    tied = rows[score == best]
    winner = tied[book.agent[tied] == book.favoured(tied)[0]][0]
    filled = np.zeros(len(book.price), np.int64)
    filled[winner] = np.sign(book.quantity[winner])
    return Fill(filled=filled, payment=np.abs(filled) * best, price=abs(best))
