"""Who traded, and what each winner gains as a bar: as long as what was stated, of which the money is a part."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from marketplace.core.money import amount_text
from marketplace.doors.pages.scales import GRID, percent
from marketplace.markets.models import Market

SIDE = {True: ("buys", "pays"), False: ("sells", "receives")}


@dataclass(frozen=True)
class AwardRow:
    """What one participant got, what it had stated for that, and what it pays."""

    agent: str
    got: str
    units: int
    value: int
    payment: int
    stated: str
    pays: str
    gains: str


@dataclass(frozen=True)
class Bar:
    """One winner's bar: how long it is, and its solid part, in per cent; a seller's is drawn in the other colour."""

    award: AwardRow
    solid: str
    whole: str
    sells: bool


def awarded(rows: Iterable[Mapping[str, Any]], market: Market, many: bool) -> list[AwardRow]:
    """Who traded, the large ones first; lots are named where there are several."""
    traded = groupby((row for row in rows if row["quantity"]), key=lambda row: str(row["participant"]))
    awards = [_award(agent, list(bundle), market, many) for agent, bundle in traded]
    return sorted(awards, key=lambda award: (-award.units, -award.value, award.agent))


def bars(awards: Iterable[AwardRow]) -> list[Bar]:
    """One scale for all.

    A buyer's bar is its stated value, of which the payment is the solid part; a seller's is what it receives, of which
    its stated cost is. What is left is gained, also where the signs of the two differ.
    """
    ends = [(award, *_ends(award.value, award.payment)) for award in awards]
    longest = max((whole for _, _, whole in ends), default=0) or 1
    return [
        Bar(award, percent(solid * GRID // longest), percent(whole * GRID // longest), award.payment < 0)
        for award, solid, whole in ends
    ]


def _award(agent: str, bundle: list[Mapping[str, Any]], market: Market, many: bool) -> AwardRow:
    words = [
        f"{SIDE[row['quantity'] > 0][0]} {abs(row['quantity']):,}" + (f" {row['lot']}" if many else "")
        for row in bundle
    ]
    payment, value = sum(row["payment"] for row in bundle), sum(row["reported_value"] or 0 for row in bundle)
    return AwardRow(
        agent=agent,
        got=", ".join(words),
        units=sum(abs(row["quantity"]) for row in bundle),
        value=value,
        payment=payment,
        stated=_money(abs(value), market),
        pays=f"{SIDE[payment >= 0][1]} {_money(abs(payment), market)}",
        gains=_money(value - payment, market),
    )


def _ends(value: int, payment: int) -> tuple[int, int]:
    """Where the solid part of a bar ends, and where the bar does."""
    if value * payment >= 0:
        return min(abs(value), abs(payment)), max(abs(value), abs(payment))
    return 0, abs(value) + abs(payment)


def _money(amount: int, market: Market) -> str:
    return amount_text(amount, market.exponent, market.currency)
