"""Units, slots and reductions: definitions tried by hand and by brute force, selling and buying."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import atom, exchange, problem, steps

from mechanisms import Problem, ProblemError, explain, get, run
from mechanisms.check import verify
from mechanisms.cutting import cut_equally
from mechanisms.ties import by_priority


def units(mechanism: str, bids: list[dict], supply: int, reserve: int = 0, **params: object):
    lots = [{"id": "X", "supply": supply, "reserve": reserve, "seller": "s"}]
    given = problem(mechanism, bids, lots=lots, params=params)
    outcome = run(mechanism, given)
    assert verify(given, outcome) == []
    return outcome


BIDS = [steps("a", (2, 10), (1, 7)), steps("b", (1, 9), (2, 5)), steps("c", (1, 4))]


@pytest.mark.parametrize(
    ("supply", "reserve", "price", "expected"),
    [
        (3, 0, "first_rejected", 7),
        (3, 0, "last_accepted", 9),
        (3, 8, "first_rejected", 8),
        (3, 10, "first_rejected", 10),
        (9, 0, "first_rejected", 0),
        (9, 6, "first_rejected", 6),
        (9, 6, "last_accepted", 7),
        (5, 0, "first_rejected", 5),
    ],
)
def test_uniform_price(supply, reserve, price, expected):
    assert units("uniform_price", BIDS, supply, reserve, price=price).prices["X"] == expected


def test_pay_as_bid_and_vickrey_by_hand():
    assert units("pay_as_bid", BIDS, 4).payments == {"a": 27, "b": 9, "c": 0}
    # Without a, its three units go to b's two at 5 and c's one at 4; without b, its unit goes to c's 4.
    assert units("multi_unit_vickrey", BIDS, 4).payments == {"a": 14, "b": 4, "c": 0}
    assert units("multi_unit_vickrey", BIDS, 4, 5).payments == {"a": 15, "b": 5, "c": 0}


def test_atoms_that_amount_to_a_curve_are_steps():
    atoms = {"agent": "a", "atoms": [{"bundle": {"X": 2}, "value": 18}, {"bundle": {"X": 1}, "value": 10}]}
    same = units("uniform_price", [atoms, steps("b", (1, 9))], 2)
    assert same.payments == units("uniform_price", [steps("a", (1, 10), (1, 8)), steps("b", (1, 9))], 2).payments
    with pytest.raises(ProblemError, match="atoms_not_a_curve"):
        units("uniform_price", [{"agent": "a", "atoms": [{"bundle": {"X": 2}, "value": 18}]}], 2)


@pytest.mark.parametrize("mechanism", ["uniform_price", "pay_as_bid"])
def test_equals_at_the_margin_are_rationed_as_asked(mechanism):
    bids = [steps("a", (4, 5)), steps("b", (2, 5)), steps("c", (2, 5))]
    shared = units(mechanism, bids, 6, rationing="pro_rata")
    won = {award.agent: award.bundle["X"] for award in shared.awards}
    floors = {"a": 3, "b": 1, "c": 1}
    assert won == {name: n + (name == by_priority("00", floors)[0]) for name, n in floors.items()}
    drawn = units(mechanism, bids, 6, rationing="lottery")
    assert sorted(award.bundle["X"] for award in drawn.awards)[0] in (2, 4)


def test_buying_units_is_selling_in_the_mirror():
    lots = [{"id": "X", "supply": 3, "reserve": 20, "buyer": "town"}]
    bids = [steps("h1", (-2, 5), (-1, 8)), steps("h2", (-2, 7)), steps("h3", (-1, 30)), steps("h4", (-1, 1))]
    params = {"direction": "buy", "minimum": 2}
    expected = {
        "uniform_price": {"h1": -14, "h2": -7},
        "pay_as_bid": {"h1": -10, "h2": -7},
        "multi_unit_vickrey": {"h1": -27, "h2": -8},
    }
    for mechanism, payments in expected.items():
        given = problem(mechanism, bids, lots=lots, params=params)
        outcome = run(mechanism, given)
        assert verify(given, outcome) == []
        assert {agent: paid for agent, paid in outcome.payments.items() if paid} == payments
        assert {(charge.payer, charge.payee) for charge in outcome.charges} == {("town", "h1"), ("town", "h2")}
        assert outcome.welfare == 3 * 20 - 5 - 5 - 7


def test_each_lot_pays_its_own_seller():
    lots = [{"id": "X", "supply": 2, "seller": "north"}, {"id": "Y", "supply": 1, "seller": "south", "reserve": 3}]
    both = {"agent": "a", "steps": [{"lot": "X", "quantity": 1, "price": 6}, {"lot": "Y", "quantity": 1, "price": 5}]}
    given = problem("uniform_price", [both, steps("b", (2, 4)), steps("c", (1, 2), lot="Y")], lots=lots)
    outcome = run("uniform_price", given)
    assert verify(given, outcome) == []
    assert outcome.prices == {"X": 4, "Y": 3}
    assert [(c.payer, c.payee, c.amount) for c in outcome.charges] == [
        ("a", "north", 4),
        ("a", "south", 3),
        ("b", "north", 4),
    ]


small = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=2), max_size=4)


@settings(max_examples=80, deadline=None)
@given(small, st.integers(1, 4), st.integers(0, 4))
def test_vickrey_payments_are_clarke_pivots(values, supply, reserve):
    bids = [steps(f"a{i}", *[(1, v) for v in sorted(own, reverse=True)]) for i, own in enumerate(values)]
    outcome = units("multi_unit_vickrey", bids, supply, reserve)

    def best(without: int | None) -> int:
        stated = sorted((v for i, own in enumerate(values) if i != without for v in own), reverse=True)
        return sum(max(v, reserve) for v in [*stated, *[reserve] * supply][:supply])

    for i in range(len(values)):
        award = outcome.award_of(f"a{i}")
        others = best(None) - (award.value if award else 0)
        assert outcome.payments[f"a{i}"] == (best(i) - others if award else 0)


def position(mechanism: str, prices: dict[str, int], clicks: list[int], reserve: int = 0, **params: object):
    lots = [{"id": "X", "supply": len(clicks), "reserve": reserve, "seller": "s"}]
    bids = [steps(agent, (1, price)) for agent, price in prices.items()]
    given = problem(mechanism, bids, lots=lots, params={"clicks": clicks, **params})
    outcome = run(mechanism, given)
    assert verify(given, outcome) == []
    return given, outcome


def test_quality_ranks_and_discounts():
    prices, quality = {"a": 10, "b": 12, "c": 4}, {"a": "1.5"}
    _, outcome = position("gsp", prices, [100, 50], quality=quality)
    assert {award.agent: award.position for award in outcome.awards} == {"a": 1, "b": 2}
    # a keeps its rank at 12 / 1.5 = 8 per click; b at 4.
    assert outcome.payments == {"a": 800, "b": 200, "c": 0}
    _, outcome = position("gsp", {"a": 10, "b": 11}, [1], quality={"a": "1.5"})
    assert outcome.payments["a"] == 8  # 11 / 1.5 = 7.33, the least integer that keeps the rank


def test_slots_beyond_the_bidders_cost_the_reserve():
    # Three rungs of clicks: 6 at 3, 2 at 2 (c is under the reserve), 2 at 2.
    for mechanism, first in (("gsp", 30), ("position_vcg", 26)):
        given, outcome = position(mechanism, {"a": 9, "b": 3, "c": 1}, [10, 4, 2], reserve=2)
        assert outcome.payments == {"a": first, "b": 8, "c": 0}
        assert outcome.welfare == 10 * 7 + 4 * 1
        assert "You offered 0.09 USD a click. You got slot 1, with 10 clicks. You pay" in explain(given, outcome, "a")
        assert "You got no slot" in explain(given, outcome, "c")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 8), max_size=4), st.integers(0, 3))
def test_position_vcg_is_the_clarke_pivot(prices, reserve):
    clicks = [7, 3, 3]
    _, outcome = position("position_vcg", {f"a{i}": p for i, p in enumerate(prices)}, clicks, reserve)

    def best(without: int | None) -> int:
        net = [p - reserve for i, p in enumerate(prices) if i != without and p >= reserve]
        slots = [*clicks, *[0] * len(net)]
        return max((sum(c * n for c, n in zip(slots, order, strict=False)) for order in permutations(net)), default=0)

    for i, price in enumerate(prices):
        award = outcome.award_of(f"a{i}")
        got = clicks[award.position - 1] if award else 0
        others = best(None) - got * (price - reserve)
        assert outcome.payments[f"a{i}"] == best(i) - others + got * reserve


def test_slots_take_one_step_of_one_unit_and_as_many_slots_as_clicks():
    with pytest.raises(ProblemError, match="supply_not_slots"):
        run("gsp", problem("gsp", [], lots=[{"id": "X", "supply": 3}], params={"clicks": [1]}))
    for bid, code in ((steps("a", (2, 5)), "quantity_not_one"), (atom("a", 5), "atoms_not_taken")):
        with pytest.raises(ProblemError, match=code):
            run("gsp", problem("gsp", [bid], params={"clicks": [1]}))
    with pytest.raises(ProblemError, match="clicks must not rise"):
        run("gsp", problem("gsp", [], lots=[{"id": "X", "supply": 2}], params={"clicks": [1, 2]}))


def test_what_slots_can_cost_counts_every_click():
    bid = problem("gsp", [steps("a", (1, 5), budget=90)], params={"clicks": [20]}).bids[0]
    assert get("gsp").worst_case(bid, {"clicks": [20, 3]}) == 90
    _, outcome = position("gsp", {"a": 5, "b": 4}, [20])
    assert outcome.payments["a"] == 80
    given = problem("gsp", [steps("a", (1, 5), budget=70), steps("b", (1, 4))], params={"clicks": [20]})
    assert run("gsp", given).payments == {"a": 0, "b": 60}


def trade(buys: list, sells: list, **params: object):
    given = exchange(buys, sells, mechanism="trade_reduction", params=params)
    outcome = run("trade_reduction", given)
    assert verify(given, outcome) == []
    return given, outcome


def test_mcafee_rounds_the_candidate_down_and_reduces_without_a_next_pair():
    _, outcome = trade([(1, 9), (1, 4)], [(1, 3), (1, 7)])
    assert outcome.prices == {"X": 5}  # floor((4 + 7) / 2)
    given, outcome = trade([(1, 9), (1, 8)], [(1, 3), (1, 4)])
    assert outcome.payments == {"b0": 8, "b1": 0, "s0": -4, "s1": 0}
    assert (outcome.prices, outcome.revenue) == ({}, 4)
    assert "Buyers paid 0.08 USD, sellers received 0.04 USD" in explain(given, outcome, "b0")
    assert trade([(1, 9)], [(1, 3)])[1].status == "no_trade"


def test_huang_cuts_the_long_side_by_equal_amounts():
    _, outcome = trade([(5, 9), (1, 8), (4, 7), (3, 6)], [(6, 1), (5, 2)], variant="huang")
    # q = 11: b3 and s1 set the prices 6 and 2 and leave. Buyers hold 10, sellers 6: of the cut of 4, each bears 4/3,
    # b1 has less and drops out, so that the others lose 3/2 each: 3.5 and 2.5, the odd unit by the tie rule.
    won = {award.agent: award.bundle["X"] for award in outcome.awards}
    lucky = by_priority("00", ["b0", "b2"])[0]
    assert won == {"b0": 3 + (lucky == "b0"), "b2": 2 + (lucky == "b2"), "s0": -6}
    assert outcome.revenue == 6 * (6 - 2)


def test_equal_cuts():
    assert cut_equally({1: 5, 2: 1, 3: 4}, 6) == {1: 4, 2: 0, 3: 2}
    assert cut_equally({1: 10, 2: 4}, 8) == {1: 7, 2: 1}
    assert cut_equally({1: 5, 2: 1}, 6) == {1: 5, 2: 1}
    assert cut_equally({1: 5, 2: 1}, 0) == {1: 0, 2: 0}
    assert cut_equally({}, 0) == {}


def test_a_seed_or_params_of_the_call_stand_in_for_the_problem_s():
    given = problem("uniform_price", BIDS, lots=[{"id": "X", "supply": 3}])
    outcome = run("uniform_price", given, {"price": "last_accepted"}, "ab")
    same = Problem.from_json({**given.to_dict(), "params": {"price": "last_accepted"}, "seed": "ab"})
    assert outcome == run("uniform_price", same)
