"""From bids to books: budgets are applied, atoms unrolled, and each lot's rows put in columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mechanisms.admission import buying
from mechanisms.bids import Bid
from mechanisms.book import Book
from mechanisms.types import Problem

if TYPE_CHECKING:
    from mechanisms.params import Params


class Row(NamedTuple):
    """One step of one agent."""

    lot: str
    quantity: int
    price: int


def books(problem: Problem, params: Params) -> tuple[list[Book], bool]:
    """One book for each lot, rows by agent then step, and whether a budget changed any of them."""
    names = sorted(bid.agent for bid in problem.bids)
    columns: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    bound = False
    by_name = {bid.agent: bid for bid in problem.bids}
    for index, name in enumerate(names):
        rows, clipped = rows_of(by_name[name], getattr(params, "clicks", None))
        bound |= clipped
        for row in rows:
            columns[row.lot].append((index, row.quantity, row.price))
    made = []
    for lot in sorted(problem.lots, key=lambda lot: lot.id):
        table = np.array(columns[lot.id], np.int64).reshape(-1, 3)
        made.append(
            Book(
                lot=lot.id,
                agent=table[:, 0].copy(),
                quantity=table[:, 1].copy(),
                price=table[:, 2].copy(),
                names=names,
                seed=problem.seed,
                supply=1 if lot.supply is None else lot.supply,
                reserve=lot.reserve,
                minimum=getattr(params, "minimum", 0),
                buying=buying(params),
            )
        )
    return made, bound


def rows_of(bid: Bid, clicks: Sequence[int] | None = None) -> tuple[list[Row], bool]:
    """The bid as steps within its budget, and whether the budget changed it; `clicks` where slots are sold."""
    if bid.atoms is not None:
        return _unrolled(bid)
    rows = [Row(step.lot, step.quantity, step.price) for step in bid.steps or ()]
    if bid.budget is None:
        return rows, False
    return _within(rows, bid.budget) if clicks is None else _per_click(rows, bid.budget, clicks[0])


def _per_click(rows: list[Row], budget: int, clicks: int) -> tuple[list[Row], bool]:
    """A slot's price is per click: it is clipped so that even the best slot fits the budget."""
    clipped = [row._replace(price=min(row.price, budget // max(1, clicks))) for row in rows]
    return clipped, clipped != rows


def _unrolled(bid: Bid) -> tuple[list[Row], bool]:
    """Atoms on 1, 2, ... n units of one lot, their values clipped at the budget, as n steps of one unit."""
    worth: dict[int, int] = {}
    clipped = False
    lot = ""
    for atom in bid.atoms or ():
        (lot, quantity), value = next(iter(atom.bundle.items())), atom.value
        if bid.budget is not None and value > bid.budget:
            value, clipped = bid.budget, True
        worth[quantity] = max(worth.get(quantity, value), value)
    rows, before = [], 0
    for quantity in sorted(worth, key=abs):
        rows.append(Row(lot, 1 if quantity > 0 else -1, abs(worth[quantity] - before)))
        before = worth[quantity]
    return rows, clipped


def _within(rows: list[Row], budget: int) -> tuple[list[Row], bool]:
    """Drop units from the agent's worst steps until quantity times own price fits the budget."""
    excess = sum(row.quantity * row.price for row in rows if row.quantity > 0) - budget
    if excess <= 0:
        return rows, False
    kept = list(rows)
    buys = [index for index, row in enumerate(rows) if row.quantity > 0]
    for index in sorted(buys, key=lambda index: (rows[index].price, -index)):
        row = kept[index]
        if excess <= 0 or row.price == 0:
            continue
        dropped = min(row.quantity, -(-excess // row.price))
        kept[index] = row._replace(quantity=row.quantity - dropped)
        excess -= dropped * row.price
    return [row for row in kept if row.quantity], True
