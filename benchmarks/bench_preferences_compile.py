"""A thousand preferences compiled on a thousand lots, against numpy evaluating the same predicates written by hand."""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np
from measuring_mechanisms import by_turns, heading, report

from mechanisms.bids import Lot
from mechanisms.preferences import Compiled, compile_judged, judge, read_preference, tables_of
from mechanisms.preferences.categories import built_in

PREFERENCES = LOTS = 1000
SEATS = ("aisle", "middle", "window")
CARRIERS = ("AF", "BA", "IB", "KL", "LH")


def flights(draw: random.Random) -> list[Lot]:
    """Lots of `flight/1`."""
    return [
        Lot(
            id=f"f{n:04d}",
            category="flight/1",
            attributes={
                "provider": draw.choice(CARRIERS),
                "departureAirport": "BER",
                "arrivalAirport": "LIS",
                "departureTime": f"2026-12-04T{draw.randrange(24):02d}:{draw.randrange(60):02d}:00+01:00",
                "arrivalTime": "2026-12-05T09:00:00+00:00",
                "estimatedFlightDuration": draw.randrange(200, 500),
                "stops": draw.randrange(3),
                "seatingType": draw.choice(SEATS),
            },
        )
        for n in range(LOTS)
    ]


def wish(draw: random.Random) -> dict[str, Any]:
    """Four musts, a base, a rate and a table."""
    must = [
        {"attribute": "stops", "le": draw.randrange(2)},
        {"attribute": "departureTime.time", "lt": f"{draw.randrange(8, 20):02d}:00"},
        {"attribute": "seatingType", "eq": draw.choice(SEATS)},
        {"attribute": "provider", "in": draw.sample(CARRIERS, 3)},
    ]
    slower = {"attribute": "estimatedFlightDuration", "add": -10, "per": 30, "from": 240, "count": "started"}
    liked = {"attribute": "provider", "table": {draw.choice(CARRIERS): 25}}
    worth = {"base": draw.randrange(200, 500), "terms": [slower, liked]}
    item = {"category": "flight/1", "must": must, "worth": worth}
    return {"version": 1, "currency": "EUR", "exponent": 0, "items": {"flight": item}}


def columns(lots: list[Lot]) -> dict[str, np.ndarray]:
    """What one would write by hand: the five attributes as arrays."""
    rows = [lot.attributes for lot in lots]
    leaves = [row["departureTime"][11:16].split(":") for row in rows]
    return {
        "stops": np.array([row["stops"] for row in rows]),
        "leaves": np.array([3600 * int(hours) + 60 * int(minutes) for hours, minutes in leaves]),
        "seat": np.array([SEATS.index(row["seatingType"]) for row in rows]),
        "carrier": np.array([CARRIERS.index(row["provider"]) for row in rows]),
        "minutes": np.array([row["estimatedFlightDuration"] for row in rows]),
    }


def by_hand(stated: list[dict[str, Any]], table: dict[str, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The lots that qualify and their worth, preference by preference."""
    found = []
    for one in stated:
        item = one["items"]["flight"]
        stops, leaves, seat, carriers = (next(v for k, v in part.items() if k != "attribute") for part in item["must"])
        mask = table["stops"] <= stops
        mask &= table["leaves"] < 3600 * int(leaves[:2])
        mask &= table["seat"] == SEATS.index(seat)
        mask &= np.isin(table["carrier"], [CARRIERS.index(name) for name in carriers])
        slower, liked = item["worth"]["terms"]
        worth = item["worth"]["base"] + slower["add"] * -(-np.maximum(0, table["minutes"] - slower["from"]) // 30)
        ((name, more),) = liked["table"].items()
        worth += more * (table["carrier"] == CARRIERS.index(name))
        found.append((np.flatnonzero(mask), worth[mask]))
    return found


def main() -> int:
    """Print the ratio; 1 where it is beyond its bound."""
    heading(f"{PREFERENCES:,} preferences on {LOTS:,} lots, to atoms")
    draw = random.Random(11)
    lots = flights(draw)
    stated = [wish(draw) for _ in range(PREFERENCES)]
    read = [read_preference(one) for one in stated]
    tables, table = tables_of(lots, built_in()), columns(lots)

    def ours() -> list[Compiled]:
        return [compile_judged(one, judge(one, tables), exponent=0) for one in read]

    def read_too() -> list[Compiled]:
        fresh = tables_of(lots, built_in())
        return [compile_judged(one, judge(one, fresh), exponent=0) for one in map(read_preference, stated)]

    for bid, (places, worths) in zip(ours(), by_hand(stated, table), strict=True):
        expected = {lots[n].id: worth for n, worth in zip(places.tolist(), worths.tolist(), strict=True) if worth > 0}
        assert {next(iter(atom.bundle)): atom.value for atom in bid.atoms} == expected
    peer = lambda: by_hand(stated, table)  # noqa: E731 - what is measured, in one line
    good = report("compile", by_turns(ours, peer, runs=7), "numpy by hand", 10)
    report("JSON read too", by_turns(read_too, peer, runs=3), "numpy by hand", np.inf)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
