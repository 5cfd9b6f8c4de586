"""What a page draws: the supply and demand curves of one lot."""

from __future__ import annotations

from mechanisms.admission import is_lot_by_lot
from mechanisms.orders import books
from mechanisms.registry import rule
from mechanisms.types import Problem


def curves(problem: Problem, lot: str) -> dict[str, list[list[int]]]:
    """Demand and supply as lists of [cumulative quantity, unit price], best orders first, within budgets.

    In a one-sided market the supply (or, when it buys, the demand) is the lot's own: its supply at its reserve. Where
    some bid is of a bundle, or of one lot or another, no curve of a lot says what was wanted: both are empty.
    """
    if not is_lot_by_lot(problem):
        return {"demand": [], "supply": []}
    params = rule(problem.mechanism).spec.read_params(problem.params)
    book = next(book for book in books(problem, params)[0] if book.lot == lot)
    rows = list(zip(book.quantity.tolist(), book.price.tolist(), strict=True))
    demand = [(price, quantity) for quantity, price in rows if quantity > 0]
    supply = [(price, -quantity) for quantity, price in rows if quantity < 0]
    if rule(problem.mechanism).spec.sides == "one":
        (demand if book.buying else supply).append((book.reserve, book.supply))
    return {"demand": _cumulated(sorted(demand, reverse=True)), "supply": _cumulated(sorted(supply))}


def _cumulated(orders: list[tuple[int, int]]) -> list[list[int]]:
    """One point for each price."""
    points: list[list[int]] = []
    total = 0
    for price, quantity in orders:
        total += quantity
        if points and points[-1][1] == price:
            points[-1][0] = total
        else:
            points.append([total, price])
    return points
