"""The increment table: by how much a bid must exceed the price, in bands of the price."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from mechanisms.reading import MAX_VALUE

Band = tuple[int | None, Annotated[int, Field(ge=0, le=MAX_VALUE)]]


def _rising(bands: list[Band]) -> list[Band]:
    limits = [limit for limit, _ in bands]
    if not bands or limits[-1] is not None or None in limits[:-1]:
        raise ValueError("write [[below, step], ..., [null, step]]: only the last band has no limit")
    if any(one >= other for one, other in pairwise(limits[:-1])):  # type: ignore[operator]
        raise ValueError("the bands' limits rise")
    return bands


Increments = Annotated[
    list[Annotated[Band, Field(strict=False)]],
    AfterValidator(_rising),
    Field(
        min_length=1,
        max_length=100,
        title="Increments",
        description="Bands [below, step], the last [null, step]: at a price below the first, bids rise by that step.",
    ),
]


def step_at(bands: list[Band], price: int) -> int:
    """The step of the band that the price lies in."""
    return next(step for limit, step in bands if limit is None or price < limit)
