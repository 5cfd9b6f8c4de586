"""A preference in sentences: every part of the language is said, amounts in words."""

from hypothesis import HealthCheck, assume, given, settings

from mechanisms.errors import ProblemError
from mechanisms.preferences import read_categories, read_preference
from mechanisms.preferences.wording import in_sentences
from tests.mechanisms.preference_making import CATEGORIES, preferences

TRIP = {
    "version": 1,
    "currency": "EUR",
    "items": {
        "flight": {
            "category": "flight/1",
            "must": {"attribute": "stops", "eq": 0},
            "worth": {
                "base": 30000,
                "terms": [
                    {"add": 15000, "when": {"attribute": "cabin", "eq": "business"}},
                    {"attribute": "stops", "points": [[0, 0], [1, -4000]]},
                    {"attribute": "seatingType", "table": {"aisle": 2500, "middle": None}},
                    {"attribute": "estimatedFlightDuration", "add": -1000, "per": 30, "from": 120, "count": "started"},
                ],
            },
        },
        "hotel": {"category": "hotel-stay/1", "worth": 9000, "at_most": 2, "each_further": [-500]},
    },
    "want": {
        "required": ["flight"],
        "across": [
            {"of": "hotel", "attribute": "checkinTime.date", "eq": {"of": "flight", "attribute": "arrivalTime.date"}}
        ],
        "together": [{"items": ["flight", "hotel"], "add": 600}],
    },
    "budget": 52000,
    "reservation": 100,
}


def test_every_part_of_a_trip_is_said() -> None:
    told = in_sentences(read_preference(TRIP))
    flight, hotel = told["items"]
    assert flight["must"] == ["stops is 0"]
    assert flight["worth"] == [
        "worth 300.00 EUR",
        "150.00 EUR more, when cabin is business",
        "by stops: 0.00 EUR more at 0, 40.00 EUR less at 1",
        "by seatingType: aisle 25.00 EUR more, middle not at any price",
        "10.00 EUR less for each 30 min begun of estimatedFlightDuration over 120 min",
    ]
    assert hotel["worth"] == ["worth 90.00 EUR", "at most 2 of them", "each further one adds 5.00 EUR less"]
    assert told["together"] == [
        "never without flight",
        "hotel.checkinTime.date is flight.arrivalTime.date",
        "flight and hotel together: 6.00 EUR more",
    ]
    assert told["limits"] == [
        "at most 3 in all",
        "never more than 520.00 EUR in all",
        "only if it is worth more than 1.00 EUR, which doing without is worth",
    ]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(preferences())
def test_any_preference_can_be_said(stated: dict) -> None:
    try:
        preference = read_preference(stated, read_categories(CATEGORIES))
    except ProblemError:
        assume(False)
    told = in_sentences(preference)
    assert [item["name"] for item in told["items"]] == list(stated["items"])
    said = [words for item in told["items"] for words in (*item["must"], *item["worth"])]
    assert all(words and isinstance(words, str) for words in said + told["together"] + told["limits"])
