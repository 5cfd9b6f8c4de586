"""One lot's orders as columns, and what a rule says about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanisms.ties import by_priority

Column = NDArray[np.int64]
Rows = NDArray[np.intp]
NEVER = -(2**62)


BLOCK = 1 << 14


def _block_maxima(column: NDArray[Any]) -> NDArray[Any]:
    return np.maximum.reduceat(column, np.arange(0, len(column), BLOCK)) if len(column) else column


@dataclass(frozen=True, eq=False)
class Book:
    """The orders of one lot: int64 columns, one row for each step.

    `agent` indexes `names`; `quantity` is positive to buy and negative to sell; `price` is per unit. A buying market
    is read as a selling one in the mirror: `score` is what a row offers from the market's side (minus its ask), and
    `floor` the least score that the market takes (minus its highest price).
    """

    lot: str
    agent: Column
    quantity: Column
    price: Column
    names: Sequence[str]
    seed: str = "00"
    supply: int = 1
    reserve: int = 0
    minimum: int = 0
    buying: bool = False

    @cached_property
    def score(self) -> Column:
        """What each row offers the market per unit, higher being better; `NEVER` under a buying market's minimum."""
        if not self.buying:
            return self.price
        return np.where(self.price < self.minimum, NEVER, -self.price) if self.minimum else -self.price

    @cached_property
    def tops(self) -> Column:
        """The best score of each block of rows. Compared as unsigned, so that a negative price shows in its block."""
        if self.buying or not len(self.price):
            return _block_maxima(self.score)
        return _block_maxima(self.price.view(np.uint64)).view(np.int64)

    @property
    def floor(self) -> int:
        """The least score at which the market trades."""
        return -self.reserve if self.buying else self.reserve

    def favoured(self, rows: Rows) -> list[int]:
        """The agents of these rows, first the one that a tie favours."""
        agents = {self.names[index]: int(index) for index in np.unique(self.agent[rows])}
        return [agents[name] for name in by_priority(self.seed, agents)]

    def by_agent(self, rows: Rows, amounts: Column) -> dict[int, int]:
        """The amounts of these rows summed by agent, first the agent that a tie favours."""
        agents, places = np.unique(self.agent[rows], return_inverse=True)
        sums = np.zeros(len(agents), np.int64)
        np.add.at(sums, places, amounts)
        found = dict(zip(agents.tolist(), sums.tolist(), strict=True))
        return {agent: found[agent] for agent in self.favoured(rows)}


@dataclass(frozen=True, eq=False)
class Fill:
    """A rule's answer for one lot, aligned with the rows of its book.

    `filled` has the sign of the quantity; `payment` is a total for the row (negative: the row receives); `price` is
    the unit price, None where the rule has none; `value` is set where it is not filled times price, and `kept` (what
    the owner's reserve was worth) where it is not units times reserve; `position` counts from 1.
    """

    filled: Column
    payment: Column
    price: int | None = None
    value: Column | None = None
    position: Column | None = None
    kept: int | None = None
    certificate: dict[str, Any] = field(default_factory=dict)


def nothing(book: Book, **certificate: Any) -> Fill:
    """No trade in this lot."""
    zeros = np.zeros(len(book.price), np.int64)
    return Fill(filled=zeros, payment=zeros, certificate=certificate)


class OneUnit(Fill):
    """One row gets one unit; the columns, all zeros but for that row, are written out when they are first read."""

    def __init__(self, book: Book, row: int, score: int) -> None:
        self.__dict__.update(book=book, row=row, score=score, price=abs(score), certificate={})

    @cached_property
    def filled(self) -> Column:
        """Zeros but for the winner's unit."""
        return self._only(-1 if self.__dict__["book"].buying else 1)

    @cached_property
    def payment(self) -> Column:
        """Zeros but for the winner's payment."""
        return self._only(self.__dict__["score"])

    def _only(self, value: int) -> Column:
        column = np.zeros(len(self.__dict__["book"].price), np.int64)
        column[self.__dict__["row"]] = value
        return column


def one_unit(book: Book, row: int, score: int) -> Fill:
    """One row gets one unit and pays that score (in a buying market: receives its opposite)."""
    return OneUnit(book, int(row), score)


def priced_by_score(book: Book, filled: Column, score: int) -> Fill:
    """Every unit filled in a one-sided market pays that score (in a buying market: receives its opposite)."""
    return Fill(filled=filled, payment=filled * abs(score), price=abs(score))


def at_one_price(book: Book, filled: Column, price: int, **certificate: Any) -> Fill:
    """Everybody trades at the same unit price."""
    if not filled.any():
        return nothing(book, **certificate)
    return Fill(filled=filled, payment=filled * price, price=price, certificate=certificate)
