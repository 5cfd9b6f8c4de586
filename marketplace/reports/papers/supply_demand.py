"""Supply and demand of each lot: the curves, where they meet, and what both sides gain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import altair as alt

from marketplace.reports.papers.charts import DEMAND, HEIGHT, INK, SUPPLY, WIDTH, coloured, money_axis
from marketplace.reports.papers.telling import Figure, Told, traded_units
from mechanisms import curves
from mechanisms.types import Problem

LOTS = 6
FAR = 5  # what lies past so many times the outcome is not drawn
COLOURS = {"Demand": DEMAND, "Supply": SUPPLY}
Points = Sequence[Sequence[int]]  # [cumulative quantity, unit price], best first


def figures(told: Told) -> Iterator[Figure]:
    """One a lot, where bids are of single lots and curves are told."""
    if not told.named or not isinstance(told.problem, Problem) or _bundled(told.problem):
        return
    for lot in told.problem.lots[:LOTS]:
        found = curves(told.problem, lot.id)
        if found["demand"] or found["supply"]:
            yield _figure(told, lot.id, found["demand"], found["supply"])


def _bundled(problem: Problem) -> bool:
    over = any(len(atom.bundle) > 1 for bid in problem.bids for atom in bid.atoms or ())
    return over or any(bid.program is not None for bid in problem.bids)


def _figure(told: Told, lot: str, demand: Points, supply: Points) -> Figure:
    price, traded = told.outcome.prices.get(lot), traded_units(told.outcome).get(lot, 0)
    met = f"They meet at {told.money(price)}; {traded:,} traded." if traded and price is not None else ""
    apart = "" if traded else "They do not meet: nothing was traded."
    quoted = f"{traded:,} traded; the rule has no one price." if traded and price is None else ""
    return Figure(
        title=f"Supply and demand: {told.lot(lot)}",
        says=f"What was wanted at each price or more, and offered at each price or less. {met}{apart}{quoted}",
        chart=_chart(told, demand, supply, price, traded),
        head=("Price", "Wanted at this price or more", "Offered at this price or less"),
        rows=_rows(told, demand, supply),
    )


def _rows(told: Told, demand: Points, supply: Points) -> list[tuple[str, str, str]]:
    """Highest price first."""
    wanted, offered = ({price: quantity for quantity, price in side} for side in (demand, supply))
    levels = sorted({*wanted, *offered})
    below, reached = {}, 0
    for level in levels:
        below[level] = reached = offered.get(level, reached)
    rows, reached = [], 0
    for level in reversed(levels):
        reached = wanted.get(level, reached)
        rows.append((told.money(level), f"{reached:,}", f"{below[level]:,}"))
    return rows


def _chart(told: Told, demand: Points, supply: Points, price: int | None, traded: int) -> Any:
    sides = {"Demand": demand, "Supply": supply}
    widest = max(points[-1][0] for points in sides.values() if points)
    highest = max(each[1] for points in sides.values() for each in points)
    x_end = min(widest, FAR * traded) if traded else widest
    y_end = min(highest, FAR * price) if price and traded else highest
    x = alt.X(
        "quantity:Q",
        scale=alt.Scale(domain=[0, x_end * 1.1]),
        axis=alt.Axis(title="quantity", format=",d", tickMinStep=1),
    )
    limit = alt.Scale(domain=[0, told.plain(y_end) * 1.1 or 1])
    y = alt.Y("price:Q", scale=limit, axis=money_axis(told.currency, told.exponent))
    lines = [
        {"side": side, "quantity": quantity, "price": told.plain(unit)}
        for side, points in sides.items()
        for quantity, unit in _corners(points, end=y_end * 2 if side == "Supply" else 0)
    ]
    drawn = (
        alt.Chart(alt.Data(values=lines))
        .mark_line(clip=True, strokeWidth=2.2)
        .encode(x, y, coloured("side", COLOURS), detail="side:N", order=alt.Order("index:Q"))
        .transform_window(index="row_number()")
    )
    layers = [drawn] if price is None or not traded else [*_gains(told, sides, price, traded, x, y), drawn]
    layers += _mark(told, price, traded, x, y) if price is not None and traded else []
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _corners(points: Points, *, end: int | None = None, until: int | None = None) -> list[tuple[int, int]]:
    """The corners of a step curve from quantity 0; past its last step it goes to the height `end`."""
    corners: list[tuple[int, int]] = []
    before = 0
    for quantity, price in points:
        reached = quantity if until is None else min(quantity, until)
        if reached > before:
            corners += [(before, price), (reached, price)]
            before = reached
    if corners and end is not None:
        corners.append((before, end))
    return corners


def _gains(told: Told, sides: dict[str, Points], price: int, traded: int, x: alt.X, y: alt.Y) -> list[Any]:
    """What each side gains by its reports: the area between its curve and the price, as far as was traded."""
    layers = []
    for side, points in sides.items():
        strips = [
            {"quantity": left, "right": right, "price": told.plain(unit), "level": told.plain(price)}
            for (left, unit), (right, _) in pairwise(_corners(points, until=traded))
            if right > left
        ]
        area = alt.Chart(alt.Data(values=strips)).mark_rect(color=COLOURS[side], opacity=0.15, clip=True)
        layers.append(area.encode(x, y, x2="right:Q", y2="level:Q"))
    return layers


def _mark(told: Told, price: int, traded: int, x: alt.X, y: alt.Y) -> list[Any]:
    """The price line, and the dot where it was traded."""
    at = {"quantity": traded, "price": told.plain(price), "words": told.money(price)}
    base = alt.Chart(alt.Data(values=[at]))
    line = base.mark_rule(color=INK, strokeWidth=1).encode(y=y)
    words = base.mark_text(color=INK, align="right", dy=-9, fontSize=13).encode(y=y, x=alt.value(WIDTH), text="words:N")
    return [line, base.mark_point(filled=True, color=INK, size=60, opacity=1).encode(x, y), words]
