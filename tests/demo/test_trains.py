"""The survey's travellers as preferences: rates by hand, worths by the language, markets that clear to their best."""

import random

import mechanisms
from marketplace.demo.first_come import mean_first_come_welfare
from marketplace.demo.trains import RESERVE, SEATS, everybody, everybodys_rates, market, trains
from marketplace.demo.travellers import survey
from mechanisms.bids import Lot
from mechanisms.preferences import preview


def seat(**attributes: int) -> Lot:
    return Lot(id="s", supply=SEATS, category="train-seat/1", attributes=attributes)


def worth_of(n: int, lot: Lot) -> int:
    return int(preview(everybody()[n], [lot], currency="EUR", exponent=2).judged["seat"].worth[0])


def test_comfort_is_worth_to_each_what_the_scene_upgrade_has_them_bid() -> None:
    assert len(everybodys_rates()) == 235
    assert [max(1, rates.comfort) for rates in everybodys_rates()] == [one.worth for one in survey().travellers]


def test_a_seat_is_worth_what_it_is_better_than_the_plainest() -> None:
    rates = everybodys_rates()[0]
    assert worth_of(0, seat(duration=180, changes=2, comfort=0)) == 0
    assert worth_of(0, seat(duration=120, changes=1, comfort=2)) == rates.hour + rates.change + 2 * rates.comfort


def test_no_order_of_arrival_does_better_than_the_auction() -> None:
    problem = market(everybody(), trains(random.Random(3), 2))
    outcome = mechanisms.run("vcg", problem)
    assert (outcome.status, outcome.certificate["grade"]) == ("cleared", "exact")
    assert len(outcome.awards) <= 2 * SEATS
    assert all(outcome.payments[award.agent] >= RESERVE for award in outcome.awards)
    assert 0 < mean_first_come_welfare(problem, orders=5) < outcome.welfare
