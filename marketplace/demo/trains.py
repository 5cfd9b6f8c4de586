"""The 235 travellers of the survey as preferences over seats: what time, changes and comfort are worth to each.

`python -m marketplace.demo.trains` prints one of them. The survey asked between two trips, so it tells what a better
trip is worth, not what travelling is: here a trip is worth what it is better than the plainest (three hours, two
changes, the last class), which everybody has without a market.
"""

import json
import random
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from marketplace.demo.choices import ATTRIBUTES, read_choices
from marketplace.demo.travellers import ceiling
from marketplace.demo.worth import PRICE, Floats, fitted
from mechanisms.preferences import Preference, Table, built_in, compile_judged, judge, read_preference, tables_of
from mechanisms.types import Bid, Lot, Problem

SEATS = 32
PLAINEST = {"duration": 180, "changes": 2, "comfort": 0}
RESERVE = 100  # EUR cents: what a seat costs its railway


@dataclass(frozen=True)
class Rates:
    """EUR cents that an hour, a change and a class of comfort are worth to one person."""

    hour: int
    change: int
    comfort: int


@cache
def everybodys_rates() -> tuple[Rates, ...]:
    """From the fit with its pooled prior; no rate beyond the widest fare gap that anybody was asked about."""
    choices = read_choices()
    _, tastes = fitted(choices)
    most = ceiling(choices)
    hour, change, comfort = (_cents(tastes.logs, name, most) for name in ("time", "change", "comfort"))
    return tuple(Rates(*row) for row in zip(hour, change, comfort, strict=True))


def _cents(logs: Floats, name: str, most: int) -> list[int]:
    euros = np.exp(logs[:, ATTRIBUTES.index(name)] - logs[:, PRICE])
    found: list[int] = np.clip(np.rint(100 * euros), 0, most).astype(int).tolist()
    return found


def wish(rates: Rates) -> dict[str, Any]:
    """The person's preference for one seat: worth 0 on the plainest trip, more for each thing that is better."""
    late, changed = PLAINEST["duration"], PLAINEST["changes"]
    base = rates.hour * late // 60 + rates.change * changed
    terms = [
        {"attribute": "duration", "add": -rates.hour, "per": 60, "unit": "min", "from": 0},
        {"attribute": "changes", "add": -rates.change, "per": 1, "from": 0},
        {"attribute": "comfort", "add": rates.comfort, "per": 1, "from": 0},
    ]
    item = {"category": "train-seat/1", "worth": {"base": base, "terms": terms}}
    return {"version": 1, "currency": "EUR", "items": {"seat": item}}


def everybody() -> list[Preference]:
    """All 235, read."""
    return [read_preference(wish(rates)) for rates in everybodys_rates()]


def trains(draw: random.Random, count: int) -> list[Lot]:
    """Trains of 32 seats, drawn within what the survey asked about."""
    return [
        Lot(
            id=f"train-{n}",
            supply=SEATS,
            reserve=RESERVE,
            seller=f"railway-{n}",
            category="train-seat/1",
            attributes={
                "duration": draw.randrange(90, 181, 5),
                "changes": draw.choice((0, 0, 1, 1, 2)),
                "comfort": draw.choice((0, 1, 2)),
            },
        )
        for n in range(count)
    ]


def market(people: list[Preference], lots: list[Lot]) -> Problem:
    """Everybody's bid on these trains, as a problem for `vcg`."""
    tables: dict[str, Table] = tables_of(lots, built_in())
    atoms = [compile_judged(one, judge(one, tables), exponent=2).atoms for one in people]
    bids = tuple(Bid(f"traveller-{n:03d}", made) for n, made in enumerate(atoms, start=1))
    return Problem("vcg", "EUR", 2, tuple(lots), bids)


if __name__ == "__main__":
    print(json.dumps(wish(everybodys_rates()[0]), indent=1))
