"""The categories that come with the house, by schema.org's names where it has them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from mechanisms.errors import ProblemError, escape
from mechanisms.preferences.attributes import Category, read_category

_CARRIER = {"type": "text", "required": True, "means": "the airline, by its IATA code or name"}
BUILT_IN: dict[str, Any] = {
    "flight/1": {
        "title": "A seat on a flight",
        "attributes": {
            "provider": _CARRIER,
            "flightNumber": {"type": "text"},
            "departureAirport": {"type": "text", "required": True, "means": "IATA code"},
            "arrivalAirport": {"type": "text", "required": True, "means": "IATA code"},
            "departureTime": {"type": "instant", "required": True, "means": "with the airport's offset from UTC"},
            "arrivalTime": {"type": "instant", "required": True, "means": "with the airport's offset from UTC"},
            "estimatedFlightDuration": {"type": "number", "unit": "min", "required": True},
            "stops": {"type": "number", "required": True, "means": "0 is nonstop"},
            "seatingType": {"type": "enum", "values": ["aisle", "middle", "window"], "means": "where one sits"},
            "cabin": {"type": "enum", "values": ["economy", "premium", "business", "first"]},
            "international": {"type": "boolean"},
            "checkedBags": {"type": "number"},
            "refundable": {"type": "boolean"},
            "amenityFeature": {"type": "set", "values": ["wifi", "power", "meal", "lie_flat", "extra_legroom"]},
        },
    },
    "hotel-stay/1": {
        "title": "Nights in a hotel room",
        "attributes": {
            "name": {"type": "text"},
            "addressLocality": {"type": "text", "required": True, "means": "the town"},
            "checkinTime": {"type": "instant", "required": True},
            "checkoutTime": {"type": "instant", "required": True},
            "starRating": {"type": "number", "places": 1},
            "occupancy": {"type": "number", "means": "how many people may stay"},
            "bed": {"type": "enum", "values": ["single", "twin", "double", "queen", "king"]},
            "smokingAllowed": {"type": "boolean"},
            "petsAllowed": {"type": "boolean"},
            "refundable": {"type": "boolean"},
            "distanceToCentre": {"type": "number", "unit": "km", "places": 1},
            "amenityFeature": {
                "type": "set",
                "values": ["wifi", "breakfast", "parking", "pool", "gym", "desk", "kitchen"],
            },
        },
    },
    "train-seat/1": {
        "title": "A seat on a train",
        "attributes": {
            "provider": {"type": "text"},
            "trainNumber": {"type": "text"},
            "departureStation": {"type": "text"},
            "arrivalStation": {"type": "text"},
            "departureTime": {"type": "instant"},
            "arrivalTime": {"type": "instant"},
            "duration": {"type": "number", "unit": "min", "required": True},
            "changes": {"type": "number", "required": True},
            "comfort": {"type": "number", "required": True, "means": "classes above the plainest seat"},
            "seatingType": {"type": "enum", "values": ["aisle", "middle", "window"]},
            "quiet": {"type": "boolean"},
        },
    },
    "compute-hours/1": {
        "title": "Hours on a machine",
        "attributes": {
            "provider": {"type": "text"},
            "region": {"type": "text", "required": True},
            "gpu": {"type": "text"},
            "gpus": {"type": "number"},
            "memorySize": {"type": "number", "unit": "GB", "required": True},
            "processorCores": {"type": "number", "required": True},
            "available": {"type": "interval", "means": "when the hours can be used"},
            "interruptible": {"type": "boolean"},
            "network": {"type": "number", "unit": "Gbit/s", "places": 1},
        },
    },
}


@cache
def built_in() -> dict[str, Category]:
    """The house's own categories by name."""
    return {name: read_category(name, data) for name, data in BUILT_IN.items()}


def read_categories(data: Any, pointer: str = "/categories") -> dict[str, Category]:
    """A problem file's own categories beside the built-in ones, which cannot be redefined."""
    if not isinstance(data, Mapping):
        raise ProblemError("not_an_object", "expected an object of categories by name", pointer)
    own: dict[str, Category] = {}
    for name, stated in data.items():
        at = f"{pointer}/{escape(name)}"
        if name in BUILT_IN and stated != BUILT_IN[name]:
            raise ProblemError("category_frozen", f"{name} is fixed; a change is a new version of it", at)
        own[name] = read_category(name, stated, at)
    return built_in() | own
