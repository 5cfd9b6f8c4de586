"""First and second price, selling and buying."""

from __future__ import annotations

import pytest
from making import atom, problem, steps

from mechanisms import explain, run
from mechanisms.ties import priority

SINGLE = ["first_price", "second_price"]


def test_the_contract_s_example():
    outcome = run("second_price", problem("second_price", [atom("1", 2000), atom("2", 1000)]))
    assert outcome.to_dict() | {"digest": "", "certificate": {}} == {
        "mechanism": "second_price",
        "status": "cleared",
        "awards": [{"agent": "1", "bundle": {"X": 1}, "value": 2000}],
        "payments": {"1": 1000, "2": 0},
        "charges": [{"payer": "1", "payee": "s", "amount": 1000}],
        "prices": {"X": 1000},
        "welfare": 2000,
        "revenue": 1000,
        "certificate": {},
        "digest": "",
    }


@pytest.mark.parametrize("mechanism", SINGLE)
@pytest.mark.parametrize("seed", ["00", "01", "a7f3"])
def test_ties_go_to_the_lower_hash_and_the_winner_pays_the_tie(mechanism, seed):
    names = ["a", "b", "c", "ü"]
    outcome = run(mechanism, problem(mechanism, [atom(name, 10) for name in names], seed=seed))
    winner = min(names, key=lambda name: priority(seed, name))
    assert [award.agent for award in outcome.awards] == [winner]
    assert outcome.payments[winner] == 10


@pytest.mark.parametrize("mechanism", SINGLE)
def test_without_a_bid_at_the_reserve_nothing_is_sold(mechanism):
    lots = [{"id": "X", "reserve": 11}]
    for bids in ([], [atom("a", 10)], [{"agent": "a", "atoms": []}]):
        outcome = run(mechanism, problem(mechanism, bids, lots=lots))
        assert (outcome.status, outcome.prices, outcome.charges, outcome.revenue) == ("no_trade", {}, (), 0)
        assert set(outcome.payments.values()) <= {0}


def test_a_reserve_is_a_bid_of_the_seller():
    lots = [{"id": "X", "reserve": 8, "seller": "s"}]
    outcome = run("second_price", problem("second_price", [atom("a", 10), atom("b", 7)], lots=lots))
    assert (outcome.payments["a"], outcome.welfare) == (8, 2)
    outcome = run("first_price", problem("first_price", [atom("a", 10), atom("b", 7)], lots=lots))
    assert outcome.payments["a"] == 10


def test_an_agent_is_no_rival_to_itself():
    outcome = run("second_price", problem("second_price", [steps("a", (1, 10), (1, 9)), steps("b", (1, 4))]))
    assert outcome.payments == {"a": 4, "b": 0}


def test_budgets_clip_atoms_and_drop_steps():
    clipped = run("second_price", problem("second_price", [atom("a", 10, budget=6), atom("b", 5)]))
    assert (clipped.payments, clipped.certificate["budget_bound"]) == ({"a": 5, "b": 0}, True)
    assert clipped.awards[0].value == 6
    dropped = run("second_price", problem("second_price", [steps("a", (1, 10), budget=6), atom("b", 5)]))
    assert dropped.payments == {"a": 0, "b": 0}
    assert dropped.awards[0].agent == "b"


def buying(mechanism: str, *asks: int, reserve: int = 100, minimum: int = 0):
    lots = [{"id": "X", "reserve": reserve, "buyer": "town"}]
    params = {"direction": "buy", "minimum": minimum}
    return run(mechanism, problem(mechanism, [atom(f"h{a}", -a) for a in asks], lots=lots, params=params))


def test_buying_is_selling_in_the_mirror():
    outcome = buying("second_price", 60, 70, 90)
    assert outcome.awards[0].to_dict() == {"agent": "h60", "bundle": {"X": -1}, "value": -60}
    assert outcome.payments == {"h60": -70, "h70": 0, "h90": 0}
    assert [charge.to_dict() for charge in outcome.charges] == [{"payer": "town", "payee": "h60", "amount": 70}]
    assert (outcome.prices, outcome.welfare, outcome.revenue) == ({"X": 70}, 40, -70)
    assert buying("first_price", 60, 70).payments["h60"] == -60
    assert buying("second_price", 60).payments["h60"] == -100
    assert buying("second_price", 160).status == "no_trade"
    assert buying("second_price", 60, 70, 90, minimum=65).payments == {"h60": 0, "h70": -90, "h90": 0}


def test_losers_and_winners_are_told_why():
    given = problem("second_price", [atom("a", 45000), atom("b", 1250)])
    outcome = run("second_price", given)
    assert "450.00 USD" in explain(given, outcome, "a")
    assert "You pay 12.50 USD in total" in explain(given, outcome, "a")
    assert "450.00" not in explain(given, outcome, "b")
