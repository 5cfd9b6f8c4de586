"""The scene `trip`: its numbers by the library, and the whole story through REST and websocket."""

import os
import re
import subprocess
import sys

import pytest

import mechanisms
from marketplace.demo.first_come import first_come_welfare, mean_first_come_welfare
from marketplace.demo.place import ROOT
from marketplace.demo.scenes import trip
from marketplace.demo.trip import HOTEL, PEOPLE, flights, trip_market, trip_problem, wish
from mechanisms.preferences import preview, read_preference
from mechanisms.types import Atom, Bid, Lot, Problem

WILL_DO = ["b01", "b04", "h01", "h03", "t02", "t05"]


def lots() -> list[Lot]:
    return [Lot(**{key: part for key, part in lot.items() if key != "title"}) for lot in trip_market()["lots"]]


def test_thirty_flights_of_which_six_will_do_for_each_of_ten_people() -> None:
    assert (len(flights()), len(PEOPLE), len(HOTEL)) == (30, 10, 3)
    for name in PEOPLE:
        seen = preview(read_preference(wish(name)), lots(), currency="EUR", exponent=2)
        assert sorted(seen.judged["flight"].names) == WILL_DO


def test_ada_bids_420_and_ten_less_for_each_half_hour_longer() -> None:
    told = preview(read_preference(wish("ada")), lots(), currency="EUR", exponent=2).told()["items"]["flight"]
    minutes = {lot.id: lot.attributes.get("estimatedFlightDuration") for lot in lots()}
    for row in told["qualify"]:
        assert row["worth"] == 42_000 - 1_000 * -(-(minutes[row["lot"]] - 225) // 30)
    assert len(told["out"]) == 24


def test_who_stays_pays_for_a_room_only_beside_a_flight_of_that_day() -> None:
    bundles = {agent: {lot for atom in bid.atoms for lot in atom.bundle} for agent, bid in bids().items()}
    assert {agent for agent, found in bundles.items() if found & {"alfama", "baixa", "late"}} == set(HOTEL)
    assert not any("late" in found for found in bundles.values())
    assert all(set(atom.bundle) & set(WILL_DO) for bid in bids().values() for atom in bid.atoms)


def bids() -> dict[str, Bid]:
    return {bid.agent: bid for bid in trip_problem().bids}


def test_first_come_first_served_takes_the_best_that_is_left_and_never_at_a_loss() -> None:
    shop = [Lot(id="a", reserve=10), Lot(id="b", reserve=10)]
    both = Bid("late", (Atom({"a": 1, "b": 1}, 100),))
    one = Bid("early", (Atom({"a": 1}, 12), Atom({"b": 1}, 14)))
    poor = Bid("poor", (Atom({"a": 1}, 90),), budget=9)
    problem = Problem("vcg", "EUR", 2, tuple(shop), (both, one, poor))
    assert first_come_welfare(problem, ["late", "early", "poor"]) == 80
    assert first_come_welfare(problem, ["early", "late", "poor"]) == 4
    assert first_come_welfare(problem, ["early", "poor"], price=13) == 4
    assert first_come_welfare(problem, ["early"], price=15) == 0


def test_the_scene_cleared_by_the_library() -> None:
    outcome = mechanisms.run("vcg", trip_problem())
    assert (outcome.status, outcome.welfare, outcome.certificate["grade"]) == ("cleared", 129_733, "exact")
    assert len(outcome.awards) == 6
    assert {lot for award in outcome.awards for lot in award.bundle} >= set(WILL_DO)
    share = mean_first_come_welfare(trip_problem()) / outcome.welfare
    assert f"{share:.0%}" in trip().compared(outcome.welfare)
    assert 0.7 < share < 0.9


@pytest.fixture(scope="module")
def printed() -> str:
    environment = os.environ | {"EXIT": "1", "PORT": "0", "DATABASE_URL": "postgres://nowhere/nothing"}
    environment.pop("SCENE", None)
    done = subprocess.run(
        [sys.executable, "-m", "marketplace.demo"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_plays_it_by_default_to_settled_money(printed: str) -> None:
    assert "market.settled" in printed
    assert "every chain and every sum holds" in printed
    outcome = mechanisms.run("vcg", trip_problem())
    paid = sum(outcome.payments.values()) / 100
    assert f"6 buyers pay {paid:,.2f} EUR; the airlines and the hotel receive it." in printed
    assert f"Gains from trade, by the bids: {outcome.welfare / 100:,.2f} EUR." in printed


def test_it_says_which_flights_were_out_and_why_and_why_that_much_was_paid(printed: str) -> None:
    assert 'out, not "departureTime.time before 12:00": b05 h05 h07 t04 t09' in printed
    assert 'out, not "seatingType is aisle": b02 b03 h02 h04 t01 t03' in printed
    paid = r"You bought (\w+)\. You pay ([\d.]+) EUR\."
    why = re.search(rf"ada: .*{paid}.* you add ([\d.]+) EUR, and pay your ([\d.]+) EUR less", printed)
    assert why, printed
    assert why[1] in WILL_DO
    assert float(why[4]) - float(why[3]) == pytest.approx(float(why[2]))
    assert re.search(r"cleo: .*You won nothing, and you pay nothing\..* would have drawn level", printed)


def test_its_last_line_compares_with_first_come_first_served(printed: str) -> None:
    story = printed[: printed.index("The books:")].rstrip().splitlines()
    assert re.fullmatch(r"  Served first come, first served, .* would have had \d\d% of this welfare .*", story[-1])
