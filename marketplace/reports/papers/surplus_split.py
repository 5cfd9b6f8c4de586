"""Who gains what: the surplus of each side and of each who traded, by what was reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt

from marketplace.reports.papers.charts import BAR, DEMAND, SIDES, SUPPLY, WIDTH, coloured, money_axis
from marketplace.reports.papers.telling import Figure, Told
from mechanisms.measures import Clearing
from mechanisms.measures.surplus import reported_side_surplus
from mechanisms.types import Award

DRAWN = 25
PARTS = {"paid by a buyer": "#a9c4e2", "a buyer’s surplus": DEMAND, "a seller’s cost": "#e8bfa6"}
PARTS |= {"a seller’s surplus": SUPPLY}
BY_REPORT = "By reports: the truth only where everybody told it."


def figures(told: Told) -> Iterator[Figure]:
    """By side, then by participant, where these are told and something was traded."""
    clearing = Clearing(told.problem, told.outcome)
    if told.named and clearing.auction and clearing.awards:
        yield _sides(told, clearing)
        yield _participants(told, clearing)


def _sides(told: Told, clearing: Clearing) -> Figure:
    found = {**_by_side(clearing), **({"market": clearing.taken} if clearing.two_sided else {})}
    values = [
        {"side": side, "surplus": told.plain(amount), "place": place}
        for place, (side, amount) in enumerate(found.items())
    ]
    x = alt.X("surplus:Q", stack="zero", axis=money_axis(told.currency, told.exponent))
    colours = {side: SIDES[side] for side in found}
    chart = alt.Chart(alt.Data(values=values)).mark_bar(height=BAR)
    chart = chart.encode(x, coloured("side", colours), order=alt.Order("place:Q"))
    whole = sum(found.values())
    return Figure(
        title="Surplus split",
        says=f"Of {told.money(whole)} gained from trade. {BY_REPORT}",
        chart=chart.properties(width=WIDTH, height=2 * BAR),
        head=("Side", "Surplus", "Share"),
        rows=[(side, told.money(amount), _share(amount, whole)) for side, amount in found.items()],
        notes=(
            "Bidders’ values are those that they reported; a reserve is what a unit is worth to its owner. A lot that "
            "names none is the market’s own.",
        ),
    )


def _by_side(clearing: Clearing) -> dict[str, int]:
    found = reported_side_surplus(clearing)
    return {side: int(amount or 0) for side, amount in found.items()} if isinstance(found, Mapping) else {}


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _participants(told: Told, clearing: Clearing) -> Figure:
    gains = clearing.reported
    awards = sorted(clearing.awards.values(), key=lambda award: (-gains[award.agent], award.agent))
    losers = len(gains) - len(awards)
    drawn = [part for award in awards[:DRAWN] for part in _parts(told, award, clearing.payments[award.agent])]
    names = [told.name(award.agent) for award in awards[:DRAWN]]
    x = alt.X("amount:Q", stack="zero", axis=money_axis(told.currency, told.exponent))
    chart = alt.Chart(alt.Data(values=drawn)).mark_bar()
    used = {part: colour for part, colour in PARTS.items() if any(row["part"] == part for row in drawn)}
    chart = chart.encode(x, alt.Y("who:N", sort=names, title=None), coloured("part", used), order=alt.Order("place:Q"))
    beside = f" {losers:,} who bid got nothing and pay nothing." if losers else ""
    return Figure(
        title="Who traded",
        says=f"Each bar is what its bidder reported, in what is paid and what is gained.{beside}",
        chart=chart.properties(width=WIDTH - 60, height=alt.Step(BAR)),
        head=("Participant", "Trade", "Reported value", "Pays", "Surplus"),
        rows=[_row(told, award, clearing) for award in awards],
        words=2,
        notes=(f"The {DRAWN} with the largest surplus are drawn.",) if len(awards) > DRAWN else (),
    )


def _parts(told: Told, award: Award, paid: int) -> list[dict[str, Any]]:
    """A buyer's value in payment and surplus; what a seller receives in cost and surplus."""
    who, plain = told.name(award.agent), told.plain
    gain = award.value - paid
    if paid >= 0:
        parts = (("paid by a buyer", paid), ("a buyer’s surplus", gain))
    else:
        parts = (("a seller’s cost", -award.value), ("a seller’s surplus", gain))
    return [{"who": who, "part": part, "amount": plain(n), "place": n_th} for n_th, (part, n) in enumerate(parts)]


def _row(told: Told, award: Award, clearing: Clearing) -> tuple[str, ...]:
    lots = [f"{'buys' if n > 0 else 'sells'} {abs(n):,} {told.lot(lot)}" for lot, n in sorted(award.bundle.items())]
    trade = ", ".join(lots[:3]) + (f" and {len(lots) - 3} more" if len(lots) > 3 else "")
    trade += f", slot {award.position}" if award.position is not None else ""
    paid = clearing.payments[award.agent]
    money = (told.money(award.value), told.money(paid), told.money(clearing.reported[award.agent]))
    return (told.name(award.agent), trade, *money)
