"""Slots in a row: parameters and ranking that the position auctions share."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field, field_validator, model_validator

from mechanisms.book import Book, Fill
from mechanisms.params import ExactDecimal, Params

Clicks = Annotated[int, Field(ge=0, le=10**12)]


class PositionParams(Params):
    """How many clicks each slot brings, best first, and each agent's quality (default 1)."""

    clicks: tuple[Clicks, ...] = Field(
        min_length=1,
        max_length=1000,
        title="Clicks",
        examples=[[1], [3, 1], [5, 4, 4], [2, 0]],
        description="Clicks that each slot brings, the best slot first.",
    )
    quality: dict[str, ExactDecimal] = Field(
        {},
        title="Quality",
        examples=[{}, {}, {"a0": "1.5", "a1": "0.75"}],
        description="A factor above 0 for an agent's bid in the ranking; 1 where none is given.",
    )

    @field_validator("clicks", mode="before")
    @classmethod
    def _from_list(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _ordered(self) -> PositionParams:
        if any(below > above for above, below in zip(self.clicks, self.clicks[1:], strict=False)):
            raise ValueError("clicks must not rise from slot to slot")
        if any(not quality.is_finite() or quality <= 0 for quality in self.quality.values()):
            raise ValueError("quality must be above 0")
        return self


class Ranked(NamedTuple):
    """A bidder in the ranking: its row, its price per click and its quality."""

    row: int
    price: int
    quality: Fraction


def ranking(book: Book, params: PositionParams) -> list[Ranked]:
    """Bidders at or above the reserve by quality times price, equals by priority."""
    rows = np.flatnonzero(book.price >= book.reserve).tolist()
    entries = [Ranked(row, int(book.price[row]), _quality(book, params, row)) for row in rows]
    entries.sort(key=_score, reverse=True)
    return [entry for _, equals in groupby(entries, key=_score) for entry in _by_priority(book, list(equals))]


def _score(entry: Ranked) -> Fraction:
    return entry.quality * entry.price


def _by_priority(book: Book, equals: list[Ranked]) -> list[Ranked]:
    """Equals in the order that the tie rule gives; nothing is hashed for one alone."""
    if len(equals) == 1:
        return equals
    order = book.favoured(np.array([entry.row for entry in equals]))
    place = {agent: index for index, agent in enumerate(order)}
    return sorted(equals, key=lambda entry: place[int(book.agent[entry.row])])


def _quality(book: Book, params: PositionParams, row: int) -> Fraction:
    return Fraction(params.quality.get(book.names[book.agent[row]], 1))


def rank_prices(order: list[Ranked], reserve: int) -> list[Fraction]:
    """For each place, the price per click below which its holder would fall behind the next, at least the reserve."""
    following = [*(entry.quality * entry.price for entry in order[1:]), Fraction(0)]
    return [max(Fraction(reserve), score / entry.quality) for entry, score in zip(order, following, strict=False)]


def slots(book: Book, params: PositionParams, order: list[Ranked], totals: list[int]) -> Fill:
    """The first bidders get the slots from the best down and pay these totals."""
    filled, payment, value, position = np.zeros((4, len(book.price)), np.int64)
    held = list(zip(order, params.clicks, totals, strict=False))
    for place, (entry, clicks, total) in enumerate(held, start=1):
        filled[entry.row], position[entry.row] = 1, place
        value[entry.row], payment[entry.row] = clicks * entry.price, total
    kept = book.reserve * sum(clicks for _, clicks, _ in held)
    return Fill(filled=filled, payment=payment, value=value, position=position, kept=kept)
