"""The language of preferences, case by case: what is refused where, and worked examples of what is worth what."""

import pytest

import mechanisms
from mechanisms.bids import Lot
from mechanisms.errors import ProblemError
from mechanisms.preferences import compile_preference, preview, read_category, read_preference

FLIGHT = {
    "provider": "BA",
    "departureAirport": "LHR",
    "arrivalAirport": "JFK",
    "departureTime": "2026-12-01T09:30:00+00:00",
    "arrivalTime": "2026-12-01T12:30:00-05:00",
    "estimatedFlightDuration": 480,
    "stops": 0,
    "seatingType": "aisle",
}
HOTEL = {
    "addressLocality": "New York",
    "checkinTime": "2026-12-01T15:00:00-05:00",
    "checkoutTime": "2026-12-04T11:00:00-05:00",
}


def wants(must=(), worth=420, **more):
    item = {"category": "flight/1", "must": list(must), "worth": worth, **more}
    return {"version": 1, "currency": "USD", "exponent": 0, "items": {"flight": item}}


def flight(name="f", supply=1, **attributes):
    return Lot(id=name, supply=supply, category="flight/1", attributes=FLIGHT | attributes)


def hotel(name="h", **attributes):
    return Lot(id=name, supply=1, category="hotel-stay/1", attributes=HOTEL | attributes)


def atoms(preference, *lots, exponent=0):
    found = compile_preference(read_preference(preference), lots, currency="USD", exponent=exponent)
    return {tuple(atom.bundle): atom.value for atom in found.atoms}


def refused(preference):
    with pytest.raises(ProblemError) as caught:
        read_preference(preference)
    return caught.value.code, caught.value.pointer


MUST = "/items/flight/must"
STOPS = {"attribute": "stops", "eq": 0}
BAD_MUSTS = [
    ([{"attribute": "stop", "eq": 0}], "unknown_attribute", f"{MUST}/0/attribute"),
    ([{"attribute": "stops"}], "one_comparison", f"{MUST}/0"),
    ([{"attribute": "stops", "eq": 0, "lt": 3}], "one_comparison", f"{MUST}/0"),
    ([{"attribute": "stops", "eq": "none"}], "not_a_number", f"{MUST}/0/eq"),
    ([{"attribute": "stops", "lt": 0.5}], "too_many_places", f"{MUST}/0/lt"),
    ([{"attribute": "stops", "has": 1}], "wrong_comparison", f"{MUST}/0/has"),
    ([{"attribute": "seatingType", "eq": "corridor"}], "unknown_value", f"{MUST}/0/eq"),
    ([{"attribute": "seatingType", "lt": "aisle"}], "wrong_comparison", f"{MUST}/0/lt"),
    ([{"attribute": "estimatedFlightDuration", "le": 3, "unit": "kg"}], "unit_mismatch", f"{MUST}/0/unit"),
    ([{"attribute": "departureTime", "lt": "12:00"}], "not_an_instant", f"{MUST}/0/lt"),
    ([{"attribute": "departureTime.time", "lt": "noon"}], "not_a_time", f"{MUST}/0/lt"),
    ([{"attribute": "departureTime.date", "eq": "2026-02-30"}], "not_a_date", f"{MUST}/0/eq"),
    ([{"attribute": "stops", "between": [2, 1]}], "empty_range", f"{MUST}/0/between"),
    ([{"attribute": "stops", "between": [1]}], "not_a_range", f"{MUST}/0/between"),
    ([{"attribute": "stops", "in": []}], "empty_list", f"{MUST}/0/in"),
    ([{"all": []}], "empty_list", f"{MUST}/0/all"),
    ([{"all": [STOPS], "any": [STOPS]}], "unknown_field", f"{MUST}/0/any"),
    ([{"attribute": ["departureTime", "stops"], "clear_of": {"busy": []}}], "wrong_attribute", f"{MUST}/0/attribute"),
    ([{"attribute": ["departureTime", "arrivalTime"], "clear_of": {}}], "missing_field", f"{MUST}/0/clear_of"),
    (
        [{"attribute": ["departureTime", "arrivalTime"], "clear_of": {"ics": "BEGIN:NOTHING"}}],
        "not_a_calendar",
        f"{MUST}/0/clear_of/ics",
    ),
]


@pytest.mark.parametrize(("must", "code", "pointer"), BAD_MUSTS, ids=[row[1] + row[2] for row in BAD_MUSTS])
def test_a_bad_condition_is_refused_where_it_stands(must, code, pointer):
    assert refused(wants(must)) == (code, pointer)


WORTH = "/items/flight/worth"
RATE = {"attribute": "estimatedFlightDuration", "add": -10, "per": 30, "from": 120}
BAD_WORTHS = [
    ("much", "not_an_object", WORTH),
    ({"base": 4.5}, "not_an_integer", f"{WORTH}/base"),
    ({"terms": [{}]}, "one_form", f"{WORTH}/terms/0"),
    ({"terms": [{"add": 1, "table": {}}]}, "one_form", f"{WORTH}/terms/0"),
    ({"terms": [{"add": 1, "per": 2}]}, "unknown_field", f"{WORTH}/terms/0/per"),
    ({"terms": [RATE | {"per": 0}]}, "out_of_range", f"{WORTH}/terms/0/per"),
    ({"terms": [RATE | {"unit": "USD"}]}, "unit_mismatch", f"{WORTH}/terms/0/unit"),
    ({"terms": [RATE | {"attribute": "cabin"}]}, "wrong_attribute", f"{WORTH}/terms/0/attribute"),
    ({"terms": [RATE | {"to": 60}]}, "empty_range", f"{WORTH}/terms/0/to"),
    ({"terms": [{"attribute": "stops", "points": [[1, 5], [1, 6]]}]}, "not_a_curve", f"{WORTH}/terms/0/points/1/0"),
    ({"terms": [{"attribute": "stops", "table": {"1": 5}}]}, "wrong_attribute", f"{WORTH}/terms/0/attribute"),
    ({"terms": [{"attribute": "cabin", "table": {"attic": 5}}]}, "unknown_value", f"{WORTH}/terms/0/table/attic"),
    ({"terms": [{"add": 1, "when": {"not": 3}}]}, "not_an_object", f"{WORTH}/terms/0/when/not"),
]


@pytest.mark.parametrize(("worth", "code", "pointer"), BAD_WORTHS, ids=[row[1] + row[2] for row in BAD_WORTHS])
def test_a_bad_worth_is_refused_where_it_stands(worth, code, pointer):
    assert refused(wants(worth=worth)) == (code, pointer)


def test_the_rest_of_a_preference_is_read_as_strictly():
    fine = wants()
    assert refused(fine | {"version": 2}) == ("unknown_version", "/version")
    assert refused(fine | {"currency": "dollars"}) == ("invalid_currency", "/currency")
    assert refused(fine | {"budget": -1}) == ("out_of_range", "/budget")
    assert refused(fine | {"items": {}}) == ("items_out_of_bounds", "/items")
    assert refused(fine | {"want": {"required": ["hotel"]}}) == ("unknown_item", "/want/required/0")
    assert refused(wants(category="flight/9")) == ("unknown_category", "/items/flight/category")
    assert refused(wants(each_further=[-5, -1])) == ("rising_marginals", "/items/flight/each_further/1")
    assert refused(wants(each_further=[5])) == ("rising_marginals", "/items/flight/each_further/0")
    two = fine | {"items": fine["items"] | {"back": fine["items"]["flight"]}}
    asked = {"required": ["flight", "back"], "at_most": 1}
    assert refused(two | {"want": asked}) == ("contradictory_must", "/want/at_most")
    same = {"of": "flight", "attribute": "stops", "eq": {"of": "flight", "attribute": "stops"}}
    assert refused(two | {"want": {"across": [same]}}) == ("same_item", "/want/across/0/eq/of")
    other = {"of": "flight", "attribute": "stops", "eq": {"of": "back", "attribute": "estimatedFlightDuration"}}
    assert refused(two | {"want": {"across": [other]}}) == ("wrong_attribute", "/want/across/0/eq/attribute")


def test_depth_and_size_are_bounded():
    deep = STOPS
    for _ in range(9):
        deep = {"not": deep}
    assert refused(wants([deep]))[0] == "too_deep"
    assert refused(wants([STOPS] * 65))[0] == "too_many_conditions"
    assert refused(wants(worth={"terms": [{"add": 1}] * 65}))[0] == "too_many_terms"
    wide = wants(at_most=6)
    with pytest.raises(ProblemError) as caught:
        atoms(wide, *(flight(f"f{n}") for n in range(40)))
    assert (caught.value.code, caught.value.pointer) == ("too_many_atoms", "/want")


PAIRS = [
    (STOPS, {"attribute": "stops", "ge": 1}),
    ({"attribute": "stops", "in": [0, 1]}, {"not": {"attribute": "stops", "le": 1}}),
    (
        {"attribute": "departureTime.time", "lt": "09:00"},
        {"attribute": "departureTime.time", "between": ["09:00", "10:00"]},
    ),
    (
        {"attribute": "departureTime.time", "between": ["22:00", "06:00"]},
        {"attribute": "departureTime.time", "eq": "12:00"},
    ),
    ({"attribute": "seatingType", "ne": "aisle"}, {"attribute": "seatingType", "eq": "aisle"}),
    ({"attribute": "seatingType", "in": ["aisle"]}, {"all": [{"attribute": "seatingType", "in": ["window"]}]}),
    ({"attribute": "refundable", "eq": True}, {"attribute": "refundable", "ne": True}),
    (
        {"attribute": "amenityFeature", "has": "wifi"},
        {"not": {"attribute": "amenityFeature", "has_any": ["wifi", "meal"]}},
    ),
    (
        {"attribute": "amenityFeature", "has_all": ["wifi", "meal"]},
        {"not": {"attribute": "amenityFeature", "has": "meal"}},
    ),
    ({"attribute": "provider", "in": ["BA", "AF"]}, {"attribute": "provider", "eq": "KL"}),
]


@pytest.mark.parametrize("pair", PAIRS, ids=[str(n) for n in range(len(PAIRS))])
def test_the_pair_that_contradicts_itself_is_named(pair):
    between = {"attribute": "estimatedFlightDuration", "lt": 600}
    with pytest.raises(ProblemError) as caught:
        read_preference(wants([pair[0], between, pair[1]]))
    assert caught.value.code == "contradictory_must"
    assert caught.value.pointer.startswith(f"{MUST}/2")
    assert f"({MUST}/0" in caught.value.detail


def test_three_musts_can_leave_nothing_though_no_two_exclude_each_other():
    lists = [{"attribute": "seatingType", "in": pair} for pair in (["aisle", "middle"], ["middle", "window"])]
    assert refused(wants([*lists, {"attribute": "seatingType", "ne": "middle"}]))[0] == "contradictory_must"


def test_ten_less_for_each_half_hour_longer_read_three_ways():
    def worth(count, minutes):
        term = RATE | {"from": 120, "count": count}
        return atoms(wants(worth={"base": 420, "terms": [term]}), flight(estimatedFlightDuration=minutes))["f",]

    assert [worth("started", minutes) for minutes in (90, 120, 121, 150, 181)] == [420, 420, 410, 410, 390]
    assert [worth("complete", minutes) for minutes in (90, 149, 150, 181)] == [420, 420, 410, 400]
    assert [worth("proportional", minutes) for minutes in (120, 135, 151)] == [420, 415, 409]  # 409.67, rounded down


def test_business_class_is_worth_150_more_when_overnight_and_international():
    night = {"attribute": "departureTime.time", "between": ["22:00", "06:00"]}
    when = {"all": [{"attribute": "cabin", "eq": "business"}, {"attribute": "international", "eq": True}, night]}
    stated = wants(worth={"base": 300, "terms": [{"add": 150, "when": when}]})
    late = {"departureTime": "2026-12-01T23:30:00+00:00", "arrivalTime": "2026-12-02T04:30:00-05:00"}
    lots = [
        flight("plain"),
        flight("day", cabin="business", international=True),
        flight("home", cabin="business", international=False, **late),
        flight("yes", cabin="business", international=True, **late),
    ]
    assert atoms(stated, *lots) == {("plain",): 300, ("day",): 300, ("home",): 300, ("yes",): 450}


def test_what_is_missing_fails_closed_unless_it_may_be_missing():
    cabin = {"attribute": "cabin", "ne": "first"}
    assert atoms(wants([cabin]), flight()) == {}
    assert atoms(wants([{"not": {"attribute": "cabin", "eq": "first"}}]), flight()) == {}
    assert atoms(wants([cabin | {"may_be_missing": True}]), flight()) == {("f",): 420}
    table = {"attribute": "cabin", "table": {"business": 100}}
    assert atoms(wants(worth={"base": 9, "terms": [table]}), flight()) == {}
    assert atoms(wants(worth={"base": 9, "terms": [table | {"may_be_missing": True}]}), flight()) == {("f",): 9}


def test_a_value_may_be_refused_at_any_price():
    table = {"attribute": "seatingType", "table": {"middle": None, "aisle": 30}}
    lots = [flight("a"), flight("m", seatingType="middle"), flight("w", seatingType="window")]
    assert atoms(wants(worth={"base": 100, "terms": [table]}), *lots) == {("a",): 130, ("w",): 100}


def test_units_are_turned_into_each_other_where_that_is_exact():
    eight = {"attribute": "estimatedFlightDuration", "le": 8, "unit": "h"}
    assert atoms(wants([eight]), flight(), flight("long", estimatedFlightDuration=481)) == {("f",): 420}


def test_money_counts_in_the_markets_units_rounded_down():
    assert atoms(wants(), flight(), exponent=3) == {("f",): 420_000}
    assert atoms(wants() | {"exponent": 3, "reservation": 19_001}, flight(), exponent=1) == {}
    assert atoms(wants(worth=20_000) | {"exponent": 3, "reservation": 951}, flight(), exponent=2) == {("f",): 1904}


def test_a_preference_in_another_currency_says_nothing():
    with pytest.raises(ProblemError, match="expected EUR") as caught:
        compile_preference(read_preference(wants()), [flight()], currency="EUR", exponent=2)
    assert (caught.value.code, caught.value.pointer) == ("currency_mismatch", "/currency")


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
SUMMARY:therapy
DTSTART:20261124T110000Z
DTEND:20261124T120000Z
RRULE:FREQ=WEEKLY;BYDAY=TU
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20261203
DTEND;VALUE=DATE:20261204
END:VEVENT
BEGIN:VEVENT
UID:3
TRANSP:TRANSPARENT
DTSTART:20261202T000000Z
DTEND:20261202T235900Z
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_keeps_flights_out_and_tells_nothing_but_that():
    """Tuesday's weekly appointment and Thursday's whole day are busy; Wednesday's event is marked as free."""
    clear = {"attribute": ["departureTime", "arrivalTime"], "clear_of": {"ics": CALENDAR, "zone": "Europe/London"}}
    days = {"tue": "2026-12-01", "wed": "2026-12-02", "thu": "2026-12-03"}
    lots = [
        flight(name, departureTime=f"{day}T09:30:00+00:00", arrivalTime=f"{day}T12:30:00-05:00")
        for name, day in days.items()
    ]
    early = flight("early", departureTime="2026-12-01T07:30:00+00:00", arrivalTime="2026-12-01T11:00:00+00:00")
    stated = wants([clear])
    assert atoms(stated, *lots, early) == {("wed",): 420, ("early",): 420}
    assert atoms(wants([clear | {"clear_of": clear["clear_of"] | {"margin_min": 1}}]), early) == {}
    told = str(preview(read_preference(stated), lots, currency="USD", exponent=0).told())
    assert "clear of your busy times" in told
    assert "therapy" not in told
    assert "11:00" not in told


def test_calendars_that_cost_too_much_are_refused():
    for rule in ("FREQ=SECONDLY", "FREQ=DAILY;BYMINUTE=1,2,3", "FREQ=DAILY;INTERVAL=0", "FREQ=SEC\n ONDLY"):
        busy = {"ics": CALENDAR.replace("FREQ=WEEKLY;BYDAY=TU", rule)}
        clear = {"attribute": ["departureTime", "arrivalTime"], "clear_of": busy}
        assert refused(wants([clear])) == ("calendar_too_large", f"{MUST}/0/clear_of/ics")
    clear = {"attribute": ["departureTime", "arrivalTime"], "clear_of": {"ics": CALENDAR}}
    far = flight("far", departureTime="2036-12-01T09:30:00+00:00", arrivalTime="2036-12-01T19:30:00+00:00")
    with pytest.raises(ProblemError, match="less to repeat"):
        atoms(wants([clear]), flight(), far)


@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY;UNTIL=never", "FREQ=YEARLY;BYMONTH=13", "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;COUNT=-1", "NONSENSE"],
)
def test_a_rule_that_makes_no_sense_is_refused_or_passed_over_and_never_breaks(rule):
    clear = {
        "attribute": ["departureTime", "arrivalTime"],
        "clear_of": {"ics": CALENDAR.replace("FREQ=WEEKLY;BYDAY=TU", rule)},
    }
    try:
        found = atoms(wants([clear]), flight())
    except ProblemError as error:
        found = error.code
    assert found in ("not_a_calendar", {}, {("f",): 420})


def test_an_event_that_repeats_since_ages_is_not_stepped_through():
    old = {
        "ics": CALENDAR.replace("20261124T110000Z", "10260101T110000Z").replace("20261124T120000Z", "10260101T120000Z")
    }
    with pytest.raises(ProblemError, match="less to repeat"):
        atoms(wants([{"attribute": ["departureTime", "arrivalTime"], "clear_of": old}]), flight())


def test_a_worth_beyond_all_money_is_refused_as_a_bid_and_overflows_nothing():
    huge = {"attribute": "estimatedFlightDuration", "add": 10**12, "per": 1, "from": 0}
    stated = wants(worth={"terms": [huge | {"when": STOPS}] * 64})
    assert atoms(stated, flight(estimatedFlightDuration=10**12)) == {("f",): 64 * 10**24}
    with pytest.raises(ProblemError) as caught:
        mechanisms.run("vcg", problem({"agent": "a", "preference": stated}))
    assert caught.value.code == "out_of_range"


def trip(**want):
    hotels = {"category": "hotel-stay/1", "worth": 200}
    stated = wants()
    return stated | {"items": stated["items"] | {"hotel": hotels}, "want": want}


NIGHTS = {
    "of": "hotel",
    "attribute": "checkinTime.date",
    "eq": {"of": "flight", "attribute": "arrivalTime.date"},
}
LATER = {"checkinTime": "2026-12-02T15:00:00-05:00"}


def test_a_hotel_for_other_nights_is_no_part_of_the_trip():
    lots = [flight(), hotel(), hotel("late", **LATER)]
    assert atoms(trip(required=["flight", "hotel"], across=[NIGHTS]), *lots) == {("f", "h"): 620}
    together = {"items": ["flight", "hotel"], "add": 80, "when": [NIGHTS]}
    found = atoms(trip(required=["flight"], together=[together]), *lots)
    assert found == {("f",): 420, ("f", "h"): 700, ("f", "late"): 620}
    assert atoms(trip(at_most=1), *lots) == {("f",): 420, ("h",): 200, ("late",): 200}


def test_what_removed_the_last_bundle_is_told():
    told = preview(
        read_preference(trip(required=["flight", "hotel"], across=[NIGHTS])),
        [flight(), hotel("late", **LATER)],
        currency="USD",
        exponent=0,
    ).told()
    assert told["nothing_because"]["pointer"] == "/want/across/0"


def test_each_further_unit_is_worth_less():
    stated = wants(at_most=3, each_further=[-100, -300])
    found = compile_preference(read_preference(stated), [flight(supply=5)], currency="USD", exponent=0).atoms
    assert [(atom.bundle["f"], atom.value) for atom in found] == [(1, 420), (2, 740), (3, 860)]


def test_the_nearest_misses_are_named_first():
    morning = {"attribute": "departureTime.time", "lt": "12:00"}
    lots = [
        flight(f"at{hour}", departureTime=f"2026-12-01T{hour}:25:00+00:00", arrivalTime="2026-12-02T09:00:00+00:00")
        for hour in (15, 12, 13)
    ]
    lots.append(flight("far", stops=2, seatingType="middle"))
    told = preview(
        read_preference(wants([STOPS, {"attribute": "seatingType", "eq": "aisle"}, morning])),
        lots,
        currency="USD",
        exponent=0,
    ).told()
    told = told["items"]["flight"]
    assert told["emptied_by"]["pointer"] == f"{MUST}/2"
    (relaxation,) = told["relaxations"]
    assert relaxation["admits"] == ["at12", "at13", "at15"]
    assert relaxation["give_up"][0] == {
        "pointer": f"{MUST}/2",
        "words": "departureTime.time before 12:00",
        "has": "12:25",
    }


@pytest.mark.parametrize(
    ("attributes", "code", "pointer"),
    [
        ({"stops": None}, "not_a_number", "/lots/0/attributes/stops"),
        ({"colour": "red"}, "unknown_attribute", "/lots/0/attributes/colour"),
        ({"departureTime": "2026-12-01T09:30:00"}, "not_an_instant", "/lots/0/attributes/departureTime"),
    ],
)
def test_a_lot_must_fit_its_category(attributes, code, pointer):
    with pytest.raises(ProblemError) as caught:
        atoms(wants(), flight(**attributes))
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_a_category_is_read_strictly():
    for data, pointer in (
        ({"title": "x", "attributes": {}}, "/attributes"),
        ({"title": "x", "attributes": {"a": {"type": "colour"}}}, "/attributes/a/type"),
        ({"title": "x", "attributes": {"a": {"type": "enum"}}}, "/attributes/a/values"),
        ({"title": "x", "attributes": {"a": {"type": "text", "unit": "m"}}}, "/attributes/a/unit"),
        ({"title": "x", "attributes": {"a.b": {"type": "text"}}}, "/attributes/a.b"),
    ):
        with pytest.raises(ProblemError) as caught:
            read_category("x/1", data)
        assert caught.value.pointer == pointer


def problem(bid, **more):
    lots = [{"id": "f", "category": "flight/1", "attributes": FLIGHT, "seller": "s"}]
    return {"mechanism": "vcg", "currency": "USD", "exponent": 0, "lots": lots, "bids": [bid], **more}


def test_a_bid_has_one_of_atoms_steps_and_preference():
    both = {"agent": "a", "preference": wants(), "atoms": [{"bundle": {"f": 1}, "value": 1}]}
    with pytest.raises(ProblemError) as caught:
        mechanisms.run("vcg", problem(both))
    assert (caught.value.code, caught.value.pointer) == ("preference_and_pieces", "/bids/0/atoms")
    with pytest.raises(ProblemError) as caught:
        mechanisms.run("vcg", problem({"agent": "a", "preference": wants(worth="x")}))
    assert caught.value.pointer == "/bids/0/preference/items/flight/worth"


def test_nobody_bids_on_its_own_lot_by_a_preference():
    outcome = mechanisms.run("vcg", problem({"agent": "s", "preference": wants()}))
    assert outcome.status == "no_trade"


def test_a_category_of_the_house_is_not_redefined():
    again = {"flight/1": {"title": "x", "attributes": {"stops": {"type": "number"}}}}
    with pytest.raises(ProblemError) as caught:
        mechanisms.run("vcg", problem({"agent": "a", "preference": wants()}, categories=again))
    assert caught.value.code == "category_frozen"
