"""The double auction: quantity, interval, k, rationing, and a brute-force auctioneer beside it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import atom, exchange, problem, steps

from mechanisms import curves, explain, run
from mechanisms.check import verify
from mechanisms.ties import by_priority


def test_three_marginal_buyers_share_the_long_side_pro_rata():
    market = exchange([(10, 9), (5, 5), (3, 5), (2, 5)], [(16, 5)])
    outcome = run("double_auction", market)
    bought = {award.agent: award.bundle["X"] for award in outcome.awards}
    assert outcome.prices == {"X": 5}
    assert bought["b0"] == 10
    assert bought["s0"] == -16
    # 6 units over 5, 3 and 2 of 10: floors 3, 1, 1; the last one by the tie rule.
    floors = {"b1": 3, "b2": 1, "b3": 1}
    lucky = by_priority("00", floors)[0]
    assert {name: bought[name] for name in floors} == {name: n + (name == lucky) for name, n in floors.items()}


@pytest.mark.parametrize("seed", ["00", "01", "02"])
def test_three_marginal_sellers_draw_lots(seed):
    market = exchange([(6, 7)], [(2, 3), (3, 7), (3, 7), (3, 7)], params={"rationing": "lottery"}, seed=seed)
    outcome = run("double_auction", market)
    sold = {award.agent: -award.bundle["X"] for award in outcome.awards if award.agent != "b0"}
    first, second, _ = by_priority(seed, ["s1", "s2", "s3"])
    assert sold == {"s0": 2, first: 3, second: 1}


@pytest.mark.parametrize(("k", "price"), [(0, 4), ("0.5", 6), (0.5, 6), (1, 9), ("0.1", 4), ("0.2", 5), ("0.3", 5)])
def test_k_places_the_price_exactly(k, price):
    outcome = run("double_auction", exchange([(1, 10), (1, 4)], [(1, 3), (1, 9)], params={"k": k}))
    assert (outcome.prices["X"], outcome.certificate["lots"]["X"]) == (price, {"quantity": 1, "low": 4, "high": 9})


@pytest.mark.parametrize(("k", "shift"), [("0.29", 29), ("0.57", 57), ("0.58", 58)])
def test_no_float_comes_near_the_price(k, shift):
    """As floats, 0.29 x 100 is 28.999999999999996, and 10^12 - 1 is near the end of what they can halve."""
    market = exchange([(1, 200), (1, 100)], [(1, 90), (1, 210)], params={"k": k})
    assert run("double_auction", market).prices["X"] == 100 + shift
    far = exchange([(3 * 10**5, 10**12 - 1)], [(3 * 10**5, 10**12 - 3)], params={"k": "0.5"})
    outcome = run("double_auction", far)
    assert outcome.payments["b0"] == 3 * 10**5 * (10**12 - 2)
    assert all(type(amount) is int for amount in outcome.payments.values())


def test_equal_bounds_leave_one_price_for_every_k():
    for k in (0, "0.5", 1):
        outcome = run("double_auction", exchange([(2, 7), (1, 7)], [(2, 5), (2, 7)], params={"k": k}))
        assert (outcome.prices["X"], outcome.welfare) == (7, 4)
        assert sum(max(0, award.bundle["X"]) for award in outcome.awards) == 3  # zero-surplus units trade


def test_no_overlap_is_no_trade_without_a_price():
    for market in (exchange([(1, 3)], [(1, 4)]), exchange([(1, 3)], []), exchange([], [(1, 3)]), exchange([], [])):
        outcome = run("double_auction", market)
        assert (outcome.status, outcome.prices, outcome.awards) == ("no_trade", {}, ())


def test_missing_neighbours_drop_out():
    outcome = run("double_auction", exchange([(1, 10)], [(1, 3)], params={"k": 1}))
    assert outcome.prices == {"X": 10}
    assert run("double_auction", exchange([(1, 10)], [(1, 3)], params={"k": 0})).prices == {"X": 3}


def test_money_goes_through_the_market():
    outcome = run("double_auction", exchange([(2, 10)], [(2, 3)], params={"k": 0}))
    assert [c.to_dict() for c in outcome.charges] == [
        {"payer": "@market", "payee": "s0", "amount": 6},
        {"payer": "b0", "payee": "@market", "amount": 6},
    ]
    assert outcome.payments == {"b0": 6, "s0": -6}
    assert outcome.revenue == 0


def test_several_lots_clear_apart_and_add_up():
    lots = [{"id": "X"}, {"id": "Y"}]
    trader = {
        "agent": "t",
        "steps": [{"lot": "X", "quantity": 1, "price": 9}, {"lot": "Y", "quantity": -1, "price": 2}],
    }
    outcome = run("double_auction", problem("double_auction", [trader, atom("x", -3), atom("y", 8, "Y")], lots=lots))
    assert outcome.prices == {"X": 6, "Y": 5}
    assert outcome.award_of("t").to_dict() == {"agent": "t", "bundle": {"X": 1, "Y": -1}, "value": 7}
    assert outcome.payments["t"] == 1


def test_a_budget_drops_the_worst_units():
    outcome = run("double_auction", problem("double_auction", [steps("b", (2, 5), (3, 4), budget=15), atom("s", -1)]))
    assert outcome.certificate["budget_bound"]
    assert verify(problem("double_auction", [steps("b", (2, 5), (3, 4), budget=15), atom("s", -1)]), outcome) == []


def test_curves_are_cumulative_with_one_point_per_price():
    assert curves(exchange([(1, 5), (2, 9), (3, 5)], [(4, 2), (1, 8)]), "X") == {
        "demand": [[2, 9], [6, 5]],
        "supply": [[4, 2], [5, 8]],
    }


def test_the_marginal_trader_is_told_about_equals():
    market = exchange([(2, 5), (2, 5)], [(3, 5)])
    outcome = run("double_auction", market)
    texts = [explain(market, outcome, agent) for agent in ("b0", "b1")]
    assert any("1 of 2 of X" in text and "equalled it" in text for text in texts)


orders = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 6)), max_size=5)


@settings(max_examples=150, deadline=None)
@given(
    orders, orders, st.sampled_from(["0", "0.5", "1", "0.3"]), st.sampled_from(["pro_rata", "lottery"]), st.randoms()
)
def test_a_unit_by_unit_auctioneer_agrees(buys, sells, k, rationing, rng):
    market = exchange(buys, sells, params={"k": k, "rationing": rationing})
    outcome = run("double_auction", market)
    d = sorted((p for n, p in buys for _ in range(n)), reverse=True)
    s = sorted(p for n, p in sells for _ in range(n))
    q = max((i for i in range(min(len(d), len(s)) + 1) if i == 0 or d[i - 1] >= s[i - 1]), default=0)
    assert outcome.welfare == sum(d[:q]) - sum(s[:q])
    assert sum(max(0, award.bundle["X"]) for award in outcome.awards) == q
    if q:
        low = max([s[q - 1], *d[q : q + 1]])
        high = min([d[q - 1], *s[q : q + 1]])
        assert outcome.prices["X"] == low + int(Fraction(k) * (high - low) // 1)
    assert verify(market, outcome) == []
    shuffled = list(market.bids)
    rng.shuffle(shuffled)
    again = run("double_auction", type(market).from_json({**market.to_dict(), "bids": [b.to_dict() for b in shuffled]}))
    assert again.to_json() == outcome.to_json()
