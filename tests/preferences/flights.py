"""Flights as lots, and a person who wants a nonstop one before noon with an aisle seat."""

from typing import Any

FIXED = {
    "provider": "BA",
    "departureAirport": "LHR",
    "arrivalAirport": "JFK",
    "arrivalTime": "2026-12-01T20:00:00-05:00",
    "estimatedFlightDuration": 480,
}


def flight(name: str, leaves: str = "08:00", reserve: int = 20_000, **attributes: Any) -> dict:
    """A lot in a market's configuration."""
    stated = FIXED | {"departureTime": f"2026-12-01T{leaves}:00+00:00", "stops": 0, "seatingType": "aisle"}
    return {"id": name, "category": "flight/1", "reserve": reserve, "attributes": stated | attributes}


def wants(worth: Any = 42_000, **more: Any) -> dict:
    """The preference, in cents of a euro."""
    must = [
        {"attribute": "stops", "eq": 0},
        {"attribute": "departureTime.time", "lt": "12:00"},
        {"attribute": "seatingType", "eq": "aisle"},
    ]
    item = {"category": "flight/1", "must": must, "worth": worth}
    return {"version": 1, "currency": "EUR", "items": {"flight": item}, **more}


OUT = [flight("late", "12:25"), flight("stopping", stops=1), flight("squeezed", seatingType="middle")]
OFFER = [flight("early"), *OUT]
