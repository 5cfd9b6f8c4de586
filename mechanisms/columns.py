"""One lot's orders as int64 columns, for books too large to be boxed bid by bid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mechanisms.bids import Lot
from mechanisms.book import Book, Column
from mechanisms.errors import ProblemError
from mechanisms.reading import MAX_QUANTITY, MAX_SUM, MAX_VALUE
from mechanisms.spec import Spec

_LOT = Lot("X")


class Numbered(Sequence[str]):
    """The names of agents that are known by number only: the number, written out."""

    def __getitem__(self, index: int) -> str:  # type: ignore[override]
        """The agent's number as text."""
        return str(int(index))

    def __len__(self) -> int:
        """Any 64-bit number is a name."""
        return 2**62


@dataclass(frozen=True, eq=False)
class Columns:
    """A one-lot problem by columns of the same length, one row for each step.

    `agent`: int64 numbers; an agent may have several rows, in any order. They index `names`, or are names themselves,
    written out. `quantity`: negative to sell. `price`: units of money per unit.
    """

    agent: Column
    quantity: Column
    price: Column
    lot: Lot = _LOT
    currency: str = "USD"
    exponent: int = 2
    names: Sequence[str] = field(default_factory=Numbered)


def check_columns(columns: Columns) -> None:
    """Types and lengths; ProblemError with a pointer to the column."""
    for name in ("agent", "quantity", "price"):
        column = getattr(columns, name)
        if not isinstance(column, np.ndarray) or column.dtype != np.int64 or column.ndim != 1:
            raise ProblemError("not_a_column", f"{name} is a one-dimensional numpy array of int64", f"/{name}")
        if len(column) != len(columns.price):
            raise ProblemError("lengths_differ", "all columns have the same length", f"/{name}")


def check_bounds(spec: Spec, columns: Columns, book: Book) -> None:
    """Sides and bounds in few passes; a sale's prices are judged by the block maxima that its rule reads."""
    if not len(columns.price):
        return
    buying = book.buying
    prices = columns.price if buying else book.tops
    highest, lowest = int(prices.max()), int(prices.min())
    if lowest < 0 or highest > MAX_VALUE:
        raise ProblemError("out_of_range", f"prices lie between 0 and {MAX_VALUE}", "/price")
    if spec.sides == "one":
        if buying and int(columns.quantity.max()) >= 0:
            raise ProblemError("wrong_side", "this market takes offers: negative quantities", "/quantity")
        if not buying and int(columns.quantity.min()) <= 0:
            raise ProblemError("wrong_side", "this market takes bids: positive quantities", "/quantity")
    if not spec.unit_supply:
        _check_quantities(columns, highest)
    if spec.sides == "two":
        _check_sides(columns)
    if spec.unit_bids and (len(np.unique(columns.agent)) < len(columns.agent) or int(columns.quantity.max()) > 1):
        raise ProblemError("one_step_only", f"{spec.slug} takes one step of quantity 1 of each agent", "/quantity")


def _check_sides(columns: Columns) -> None:
    """Nobody buys and sells; a table of flags where numbers are dense, sorting where they are not."""
    buyers, sellers = (columns.agent[np.flatnonzero(sign * columns.quantity > 0)] for sign in (1, -1))
    low, high = int(columns.agent.min()), int(columns.agent.max())
    if high - low < 8 * len(columns.agent):
        buys = np.zeros(high - low + 1, bool)
        buys[buyers - low] = True
        both = bool(buys[sellers - low].any())
    else:
        both = bool(np.intersect1d(buyers, sellers).size)
    if both:
        raise ProblemError("both_sides", "one agent cannot buy and sell the same lot", "/quantity")


def _check_quantities(columns: Columns, highest: int) -> None:
    """Where one unit is sold no sum can grow too large, so this is not asked there."""
    low, high = int(columns.quantity.min()), int(columns.quantity.max())
    most = max(-low, high)
    if most > MAX_QUANTITY or not columns.quantity.all():
        raise ProblemError("out_of_range", f"quantities are not 0 and at most {MAX_QUANTITY}", "/quantity")
    if most * len(columns.price) * highest >= MAX_SUM and _total(columns.quantity) * highest >= MAX_SUM:
        raise ProblemError("too_large", "the sum of quantities times the highest price must stay below 2^62", "")


def _total(quantity: Column) -> int:
    return sum(int(np.abs(part).sum()) for part in np.array_split(quantity, 1 + len(quantity) // 1_000_000))
