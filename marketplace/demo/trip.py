"""The scene `trip`: thirty flights, three hotel rooms, and ten people who have said what they want.

Flights, rooms and people are made up. `python -m marketplace.demo.trip` prints what is on offer and who wants what.
"""

from typing import Any

from mechanisms.preferences import Preference, preview, read_preference
from mechanisms.types import Lot, Problem

DAY, NIGHTS = "2026-12-04", ("2026-12-04", "2026-12-07")
CURRENCY, EXPONENT = "EUR", 2
FASTEST = 225  # minutes, the quickest way from Berlin to Lisbon
AIRLINES = {"h": "Havel", "t": "Tejo", "b": "Brise"}
# Name (its first letter the airline), departure, minutes, stops, seat, the airline's reserve in euros.
FLIGHTS = """
h01 06:20 230 0 aisle 140   h02 06:20 230 0 middle 120   h03 09:40 225 0 aisle 190   h04 09:40 225 0 window 185
h05 13:05 230 0 aisle 165   h06 13:05 230 0 window 160   h07 17:50 225 0 aisle 195   h08 20:10 235 0 middle 110
h09 07:10 365 1 aisle 95    h10 10:30 410 1 window 90    t01 07:45 235 0 window 155  t02 07:45 235 0 aisle 160
t03 11:15 240 0 middle 135  t04 14:40 235 0 aisle 170    t05 11:15 240 0 aisle 175   t06 18:30 240 0 window 150
t07 06:55 390 1 aisle 88    t08 08:20 345 1 middle 84    t09 12:00 240 0 aisle 150   t10 21:15 470 2 aisle 60
b01 08:30 245 0 aisle 130   b02 08:30 245 0 window 128   b03 10:50 225 0 middle 140  b04 10:50 225 0 aisle 180
b05 15:20 245 0 aisle 125   b06 15:20 245 0 middle 105   b07 19:00 250 0 window 115  b08 09:05 420 1 aisle 79
b09 11:50 355 1 window 83   b10 16:35 505 2 middle 55
"""
ROOMS = (("alfama", NIGHTS, 40, 110), ("baixa", NIGHTS, 35, 95), ("late", ("2026-12-05", "2026-12-07"), 40, 90))
# What the person would pay for the quickest flight, what each half hour more takes off, what else counts, in euros.
PEOPLE: dict[str, tuple[int, int, dict[str, int]]] = {
    "ada": (420, 10, {}),
    "ben": (310, 20, {"Tejo": 25}),
    "cleo": (265, 5, {}),
    "dan": (350, 15, {"Havel": 40}),
    "eve": (295, 10, {"Brise": 30}),
    "finn": (240, 5, {"Brise": 15}),
    "gus": (380, 30, {}),
    "hana": (330, 10, {"early": -8}),
    "iris": (275, 10, {"early": -5, "Tejo": 10}),
    "jon": (305, 20, {"Havel": 20}),
}
HOTEL = {"dan": 160, "hana": 190, "iris": 140}  # who stays: what three nights are worth beside the flight


def flights() -> list[dict[str, Any]]:
    """The thirty lots of the airlines."""
    words = FLIGHTS.split()
    return [_flight(*words[at : at + 6]) for at in range(0, len(words), 6)]


def _flight(name: str, leaves: str, minutes: str, stops: str, seat: str, reserve: str) -> dict[str, Any]:
    started = 60 * int(leaves[:2]) + int(leaves[3:])
    arrives = started + int(minutes) - 60  # Lisbon's clocks are an hour behind Berlin's
    day, time = f"{DAY[:-2]}{int(DAY[-2:]) + arrives // 1440:02d}", f"{arrives // 60 % 24:02d}:{arrives % 60:02d}"
    return {
        "id": name,
        "title": f"{AIRLINES[name[0]]}, Berlin to Lisbon, {leaves}",
        "category": "flight/1",
        "seller": AIRLINES[name[0]],
        "reserve": 100 * int(reserve),
        "attributes": {
            "provider": AIRLINES[name[0]],
            "departureAirport": "BER",
            "arrivalAirport": "LIS",
            "departureTime": f"{DAY}T{leaves}:00+01:00",
            "arrivalTime": f"{day}T{time}:00+00:00",
            "estimatedFlightDuration": int(minutes),
            "stops": int(stops),
            "seatingType": seat,
        },
    }


def rooms() -> list[dict[str, Any]]:
    """The three stays that one hotel offers."""
    return [
        {
            "id": name,
            "title": f"A room in Lisbon, {nights[0]} to {nights[1]}",
            "category": "hotel-stay/1",
            "seller": "Hotel",
            "reserve": 100 * reserve,
            "attributes": {
                "addressLocality": "Lisbon",
                "checkinTime": f"{nights[0]}T15:00:00+00:00",
                "checkoutTime": f"{nights[1]}T11:00:00+00:00",
                "starRating": stars / 10,
            },
        }
        for name, nights, stars, reserve in ROOMS
    ]


def wish(name: str) -> dict[str, Any]:
    """What this person wants, as its agent states it."""
    base, slower, more = PEOPLE[name]
    terms: list[dict[str, Any]] = [
        {
            "attribute": "estimatedFlightDuration",
            "add": -100 * slower,
            "per": 30,
            "unit": "min",
            "from": FASTEST,
            "count": "started",
        }
    ]
    liked = {airline: 100 * euros for airline, euros in more.items() if airline in AIRLINES.values()}
    if liked:
        terms.append({"attribute": "provider", "table": liked})
    if "early" in more:
        early = {"add": 100 * more["early"], "per": 1, "unit": "h", "from": "06:00"}
        terms.append({"attribute": "departureTime.time", **early})
    must = [
        {"attribute": "stops", "eq": 0},
        {"attribute": "departureTime.time", "lt": "12:00"},
        {"attribute": "seatingType", "eq": "aisle"},
    ]
    flight = {"category": "flight/1", "must": must, "worth": {"base": 100 * base, "terms": terms}}
    stated: dict[str, Any] = {"version": 1, "currency": CURRENCY, "exponent": EXPONENT, "items": {"flight": flight}}
    return stated | (_with_hotel(stated, name) if name in HOTEL else {})


def _with_hotel(stated: dict[str, Any], name: str) -> dict[str, Any]:
    """A room is worth nothing alone; beside a flight that lands on its first day it is."""
    same_day = {"of": "room", "attribute": "checkinTime.date", "eq": {"of": "flight", "attribute": "arrivalTime.date"}}
    room = {"category": "hotel-stay/1", "must": {"attribute": "starRating", "ge": 3}, "worth": 0}
    want = {
        "required": ["flight"],
        "across": [same_day],
        "together": [{"items": ["flight", "room"], "add": 100 * HOTEL[name]}],
    }
    return {"items": stated["items"] | {"room": room}, "want": want}


def trip_market() -> dict[str, Any]:
    """The market's terms, but for what every scene adds."""
    return {
        "mechanism": "vcg",
        "currency": CURRENCY,
        "exponent": EXPONENT,
        "disclosure": "pseudonymous",
        "lots": [*flights(), *rooms()],
    }


def trip_problem() -> Problem:
    """The same as a problem file, to be cleared or served in another way on this machine."""
    market = trip_market()
    lots = [{name: part for name, part in lot.items() if name != "title"} for lot in market["lots"]]
    stated = {"mechanism": "vcg", "currency": CURRENCY, "exponent": EXPONENT, "lots": lots}
    return Problem.from_json(stated | {"bids": [{"agent": name, "preference": wish(name)} for name in PEOPLE]})


def table() -> str:
    """Who wants which of the lots, and for how much."""
    lots = [Lot(**{name: part for name, part in lot.items() if name != "title"}) for lot in trip_market()["lots"]]
    return "\n".join(f"{name:<6} {_worths(read_preference(wish(name)), lots)}" for name in PEOPLE)


def _worths(wanted: Preference, lots: list[Lot]) -> str:
    atoms = preview(wanted, lots, currency=CURRENCY, exponent=EXPONENT).compiled().atoms
    return "  ".join(f"{'+'.join(sorted(atom.bundle))} {atom.value / 100:.0f}" for atom in atoms)


if __name__ == "__main__":
    print(table())
