"""Multi-unit Vickrey auction: the best units win, and each winner pays what its units cost the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mechanisms.book import Book, Column, Fill, Rows, nothing
from mechanisms.claims import TRUTH_RESERVED, holds
from mechanisms.merit import standing
from mechanisms.params import OneSided
from mechanisms.spec import Spec

Losing = list[tuple[int, int, int]]


class MultiUnitVickreyParams(OneSided):
    """Only the direction."""


SPEC = Spec(
    slug="multi_unit_vickrey",
    title="Multi-unit Vickrey",
    summary="Several equal units; each winner pays the best losing offers that its units displaced.",
    paper="Vickrey (1961), Counterspeculation, Auctions, and Competitive Sealed Tenders, Journal of Finance 16",
    pricing="Each winner pays, unit by unit, the best offers of others (or the reserve) that it displaced.",
    params=MultiUnitVickreyParams,
    claims=(
        *holds("feasible", "individually_rational", "optimal_for_reports", "pareto", "symmetric"),
        *holds("revenue_monotone", assumes=("fixed_reserve",)),
        *holds("truthful", "efficient", "false_name_proof", assumes=TRUTH_RESERVED),
    ),
)


def clear_lot(book: Book, params: MultiUnitVickreyParams) -> Fill:
    """Each winner of n units pays the n best losing units of others; the seller's own units stand at the floor."""
    taken = standing(book, "lottery")
    if taken.last is None:
        return nothing(book)
    losing = losing_units(book, np.abs(taken.filled))
    payment = np.zeros(len(book.price), np.int64)
    for agent, rows in winners(book, taken.filled):
        won = int(np.abs(taken.filled[rows]).sum())
        payment[rows[0]] = displaced(losing, agent, won, book.floor)
    return Fill(filled=taken.filled, payment=payment)


def winners(book: Book, filled: Column) -> Iterator[tuple[int, Rows]]:
    """Each agent that won something, with its filled rows."""
    rows = np.flatnonzero(filled)
    rows = rows[np.argsort(book.agent[rows], kind="stable")]
    for group in np.split(rows, np.flatnonzero(np.diff(book.agent[rows])) + 1):
        yield int(book.agent[group[0]]), group


def losing_units(book: Book, filled: Column) -> Losing:
    """(score, units, agent) of what was left unfilled at or above the floor, the best first."""
    left = np.abs(book.quantity) - filled
    rows = np.flatnonzero((left > 0) & (book.score >= book.floor))
    rows = rows[np.argsort(-book.score[rows], kind="stable")]
    return list(zip(book.score[rows].tolist(), left[rows].tolist(), book.agent[rows].tolist(), strict=True))


def displaced(losing: Losing, agent: int, units: int, floor: int) -> int:
    """The worth of the best `units` losing units that are not the agent's own, the rest at the floor."""
    total = 0
    for score, quantity, owner in losing:
        if owner != agent:
            taken = min(quantity, units)
            total, units = total + taken * score, units - taken
        if units == 0:
            break
    return total + units * floor
