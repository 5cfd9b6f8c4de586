"""docs/preferences.md as written: every example is read, and the first one gives what the page says."""

import json
import re

import jsonschema
import pytest

import mechanisms
from marketplace.demo.place import ROOT
from mechanisms.bids import Lot
from mechanisms.preferences import compile_preference, json_schema, preview, read_preference

PAGE = (ROOT / "docs/preferences.md").read_text()
BLOCKS = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
EXAMPLES = [block for block in BLOCKS if "items" in block]
REQUESTS = [block for block in BLOCKS if "buyer" in block]
BARGAINS = [block for block in BLOCKS if "issues" in block]
CONDITIONS = [json.loads(text) for text in re.findall(r"\| `(\{\"attribute\".*?\})` \|$", PAGE, re.MULTILINE)]
FIXED = {"provider": "x", "departureAirport": "A", "arrivalAirport": "B", "arrivalTime": "2026-12-01T22:00:00+01:00"}


def lots() -> list[Lot]:
    """The page's table of flights."""
    rows = re.findall(r"^\| `(\w)` \| (\d) \| (\S+) \| (\w+) \| (\d+) \|", PAGE, re.MULTILINE)
    return [
        Lot(
            id=name,
            category="flight/1",
            attributes=FIXED
            | {
                "stops": int(stops),
                "departureTime": f"2026-12-01T{leaves}:00+01:00",
                "seatingType": seat,
                "estimatedFlightDuration": int(minutes),
            },
        )
        for name, stops, leaves, seat, minutes in rows
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: next(iter(example["items"])))
def test_every_example_is_read_and_meets_the_schema(example: dict) -> None:
    read_preference(example)
    jsonschema.validate(example, json_schema())


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: str(condition["attribute"]))
def test_every_condition_of_the_table_is_read(condition: dict) -> None:
    item = {"category": "flight/1", "must": condition, "worth": 1}
    read_preference({"version": 1, "currency": "USD", "items": {"flight": item}})


def test_the_table_of_conditions_was_found() -> None:
    assert len(CONDITIONS) == 7
    assert len(EXAMPLES) == 5


def test_the_request_is_cleared() -> None:
    (request,) = REQUESTS
    assert len(BLOCKS) == len(EXAMPLES) + len(REQUESTS) + len(BARGAINS)
    assert mechanisms.run("scoring_auction", request).payments == {"guest": 400, "inn": -400}


def test_the_bargain_is_struck() -> None:
    (bargain,) = BARGAINS
    outcome = mechanisms.run("nash_bargaining", bargain)
    # Gains at 100 are 70 and 30, a product of 2,100; at 80 they are 90 and 10; 120 breaks the buyer's must.
    assert outcome.agreement == "price 100, speed fast"
    assert [charge.amount for charge in outcome.charges] == [100]


def test_the_preview_says_what_the_page_says() -> None:
    told = preview(read_preference(EXAMPLES[0]), lots(), currency="USD", exponent=2).told()
    for row in told["items"]["flight"]["qualify"]:
        assert f"| {row['means']} |" in PAGE
    for row in told["items"]["flight"]["out"]:
        assert f"out: {row['failed'][0]['words']} |" in PAGE
    assert [atom["value"] for atom in told["atoms"]] == [41_000, 39_000]


def test_without_the_first_two_it_names_what_removed_the_last_lot() -> None:
    told = preview(read_preference(EXAMPLES[0]), lots()[2:], currency="USD", exponent=2).told()["items"]["flight"]
    assert told["emptied_by"]["words"] == "departureTime.time before 12:00"
    given_up = {relaxation["admits"][0]: relaxation["give_up"][0]["words"] for relaxation in told["relaxations"]}
    assert given_up == {"c": "stops is 0", "d": "departureTime.time before 12:00"}


def test_a_flight_with_a_hotel_is_bid_as_the_page_adds_it_up() -> None:
    hotel = {
        "addressLocality": "B",
        "checkinTime": "2026-12-01T15:00:00+01:00",
        "checkoutTime": "2026-12-02T10:00:00+01:00",
        "starRating": 4,
    }
    offered = [lots()[0], Lot(id="h", category="hotel-stay/1", attributes=hotel)]
    found = compile_preference(read_preference(EXAMPLES[2]), offered, currency="USD", exponent=0)
    assert {tuple(atom.bundle): atom.value for atom in found.atoms} == {("a",): 400, ("a", "h"): 550}
    assert found.budget == 520
