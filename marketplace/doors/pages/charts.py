"""Supply and demand as a picture: step curves, the price line, and what both sides gain."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from marketplace.core.money import amount_text
from marketplace.doors.pages.scales import (
    GRID,
    Scale,
    Tick,
    money_ticks,
    percent,
    price_scale,
    quantity_scale,
    quantity_ticks,
)

Points = Sequence[Sequence[int]]  # [cumulative quantity, unit price], best first
Corner = tuple[int, int]


@dataclass(frozen=True)
class Mark:
    """Where the market cleared: the price line, the quantity, and their words."""

    x: str
    y: str
    price: str
    quantity: str
    anchor: str  # where the quantity's words begin, so that they stay in the picture
    high: bool  # the price's words stand below its line, for want of room above


@dataclass(frozen=True)
class Chart:
    """All that the template draws; paths in a square of GRID by GRID, the rest in per cent."""

    demand: str
    supply: str
    buyers_gain: str
    sellers_gain: str
    mark: Mark | None
    money_ticks: list[Tick]
    quantity_ticks: list[Tick]
    clipped: bool
    size: int = GRID


def draw(
    demand: Points, supply: Points, *, price: int | None, traded: int, exponent: int, currency: str
) -> Chart | None:
    """The chart of one lot; None where nobody wanted or offered anything."""
    points = [*demand, *supply]
    if not points:
        return None
    x = quantity_scale([side[-1][0] for side in (demand, supply) if side], traded)
    y = price_scale([one[1] for one in points], price)
    mark = None
    if price is not None and traded:
        mark = _mark(x.at(traded), GRID - y.at(price), amount_text(price, exponent, currency), f"{traded:,} traded")
    return Chart(
        demand=path(curve(demand, x, y, end=GRID)),
        supply=path(curve(supply, x, y, end=0)),
        buyers_gain=_gain(demand, x, y, price, traded),
        sellers_gain=_gain(supply, x, y, price, traded),
        mark=mark,
        money_ticks=money_ticks(y, exponent, currency),
        quantity_ticks=quantity_ticks(x),
        clipped=not all(x.holds(quantity) and y.holds(unit) for quantity, unit in points),
    )


def curve(points: Points, x: Scale, y: Scale, *, end: int | None = None, until: int | None = None) -> list[Corner]:
    """The corners of a step curve from quantity 0, up to `until`; past its last step it goes to the height `end`."""
    corners: list[Corner] = []
    before = 0
    for quantity, unit in points:
        reached = quantity if until is None else min(quantity, until)
        if before >= reached:
            break
        height = GRID - y.at(unit)
        corners += [(x.at(before), height), (x.at(reached), height)]
        before = reached
    if corners and end is not None and x.holds(before):
        corners.append((corners[-1][0], end))
    return corners


def path(corners: Sequence[Corner]) -> str:
    """Corners as a compact SVG path: whole numbers, relative moves, nothing said that does not move."""
    if not corners:
        return ""
    moves = [f"M{corners[0][0]} {corners[0][1]}"]
    for (x0, y0), (x1, y1) in pairwise(corners):
        moves += [f"h{x1 - x0}"] if x1 != x0 else []
        moves += [f"v{y1 - y0}"] if y1 != y0 else []
    return "".join(moves)


def _gain(points: Points, x: Scale, y: Scale, price: int | None, traded: int) -> str:
    """The area between one side's curve and the price, as far as was traded."""
    if price is None or not traded or not points:
        return ""
    corners = curve(points, x, y, until=traded)
    level = GRID - y.at(price)
    return path([*corners, (corners[-1][0], level), (0, level)]) + "z"


def _mark(x: int, y: int, price: str, quantity: str) -> Mark:
    anchor = "start" if x < GRID // 6 else "end" if x > GRID - GRID // 6 else "middle"
    return Mark(percent(x), percent(y), price, quantity, anchor, high=y < GRID // 10)
