"""How prices came about: move by move, round by round, or lot by lot beside the reserves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import altair as alt

from marketplace.reports.papers.charts import BAR, DEMAND, HEIGHT, INK, MARKET, SUPPLY, WIDTH, coloured, money_axis
from marketplace.reports.papers.telling import Figure, Told, traded_units
from mechanisms.dynamic.types import Session
from mechanisms.moves import Move
from mechanisms.types import Outcome, Problem

KINDS = {"bids and buy orders": DEMAND, "sell orders": SUPPLY, "calls of the clock": MARKET}
LOTS = 25


def figures(told: Told) -> Iterator[Figure]:
    """Moves where they are told; prices of rounds and lots always."""
    if isinstance(told.problem, Session) and told.level == "public":
        rows = [row for move in told.problem.moves for row in _priced(told, move)]
        yield from [_moves(told, rows)] if rows else []
    if len(told.prices) > 1:
        yield _rounds(told)
    if isinstance(told.problem, Problem):
        yield _lots(told)


def _priced(told: Told, move: Move) -> Iterator[dict[str, Any]]:
    """A move that names a price."""
    amount = move.data.get("amount", move.data.get("price"))
    if isinstance(amount, int):
        selling = move.data.get("quantity", 1) < 0
        kind = "calls of the clock" if move.agent.startswith("@") else "sell orders" if selling else None
        words = {"kind": kind or "bids and buy orders", "who": told.name(move.agent), "type": move.type}
        yield {"n": move.n, "price": told.plain(amount), "amount": amount, "at": move.at or "", **words}


def _moves(told: Told, rows: list[dict[str, Any]]) -> Figure:
    x = alt.X("n:Q", axis=alt.Axis(title="move", format=",d", tickMinStep=1))
    y = alt.Y("price:Q", scale=alt.Scale(zero=False), axis=money_axis(told.currency, told.exponent))
    used = {kind: colour for kind, colour in KINDS.items() if any(row["kind"] == kind for row in rows)}
    values = alt.Chart(alt.Data(values=rows))
    layers = [values.mark_line(interpolate="step-after", opacity=0.4), values.mark_point(filled=True, opacity=1)]
    drawn = [layer.encode(x, y, coloured("kind", used)) for layer in layers]
    closing = [{"price": told.plain(price)} for price in _prices(told.outcome).values()]
    drawn.append(alt.Chart(alt.Data(values=closing)).mark_rule(color=INK, strokeDash=[4, 3]).encode(y="price:Q"))
    return Figure(
        title="Price path",
        says="Every move that named a price, in order; the dashed line is the price at which it ended.",
        chart=alt.layer(*drawn).properties(width=WIDTH, height=HEIGHT),
        head=("Move", "Participant", "Act", "At", "Price"),
        rows=[(str(row["n"]), row["who"], row["type"], row["at"], told.money(row["amount"])) for row in rows],
        words=4,
    )


def _prices(outcome: Any) -> dict[str, int]:
    return dict(outcome.prices) if isinstance(outcome, Outcome) else {}


def _rounds(told: Told) -> Figure:
    values: list[dict[str, Any]] = [
        {"round": n, "lot": told.lot(lot), "price": told.plain(price), "amount": price}
        for n, prices in told.prices
        for lot, price in sorted(prices.items())
    ]
    x = alt.X("round:O", axis=alt.Axis(title="round", labelAngle=0))
    y = alt.Y("price:Q", scale=alt.Scale(zero=False), axis=money_axis(told.currency, told.exponent))
    lines = alt.Chart(alt.Data(values=values)).mark_line(point=True).encode(x, y, alt.Color("lot:N", title=None))
    return Figure(
        title="Price path",
        says="Each clearing’s prices: a default led to the next one, and the last stands.",
        chart=lines.properties(width=WIDTH, height=HEIGHT // 2) if values else None,
        head=("Round", "Lot", "Price"),
        rows=[(str(row["round"]), row["lot"], told.money(row["amount"])) for row in values],
        words=2,
    )


def _lots(told: Told) -> Figure:
    """Drawn where several lots have a price."""
    reserves = {lot.id: lot.reserve for lot in told.problem.lots}
    prices, traded = told.outcome.prices, traded_units(told.outcome)
    ordered = sorted(reserves, key=lambda lot: (-prices.get(lot, -1), lot))
    priced = [lot for lot in ordered if lot in prices]
    return Figure(
        title="Prices by lot",
        says=_says(priced),
        chart=_bars(told, priced[:LOTS], reserves) if len(priced) > 1 else None,
        head=("Lot", "Traded", "Price", "Reserve"),
        rows=[
            (told.lot(lot), f"{traded.get(lot, 0):,}", _price(told, lot), told.money(reserves[lot])) for lot in ordered
        ],
        notes=(f"The {LOTS} dearest are drawn.",) if len(priced) > LOTS else (),
    )


def _says(priced: list[str]) -> str:
    if not priced:
        return "What was traded of each lot; there is no one price of a unit."
    return "What a unit of each lot costs" + ("; the tick is its reserve." if len(priced) > 1 else ".")


def _price(told: Told, lot: str) -> str:
    return told.money(told.outcome.prices[lot]) if lot in told.outcome.prices else "–"


def _bars(told: Told, lots: list[str], reserves: dict[str, int]) -> Any:
    values: list[dict[str, Any]] = [
        {"lot": told.lot(lot), "price": told.plain(told.outcome.prices[lot]), "reserve": told.plain(reserves[lot])}
        for lot in lots
    ]
    y = alt.Y("lot:N", sort=[row["lot"] for row in values], title=None)
    base, axis = alt.Chart(alt.Data(values=values)), money_axis(told.currency, told.exponent)
    bars = base.mark_bar(height=BAR - 8, color=DEMAND).encode(alt.X("price:Q", axis=axis), y)
    ticks = base.mark_tick(color=INK, thickness=2, size=BAR - 4).encode(alt.X("reserve:Q"), y)
    return alt.layer(bars, ticks).properties(width=WIDTH - 60, height=alt.Step(BAR))
