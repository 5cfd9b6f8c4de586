"""What a bidder over bundles is told: what it would have needed, and nothing of others where the market says so."""

from __future__ import annotations

import json
from random import Random

import pytest
from bundle_oracle import exchange, small

from mechanisms import Problem, explain, run
from mechanisms.cli import main
from mechanisms.explaining_bundles import needed_to_win, sale_of

SALE = {
    "mechanism": "vcg",
    "currency": "USD",
    "exponent": 2,
    "lots": [{"id": lot, "seller": "s"} for lot in "AB"],
    "bids": [
        {"agent": "ann", "atoms": [{"bundle": {"A": 1, "B": 1}, "value": 7321}]},
        {"agent": "bob", "atoms": [{"bundle": {"A": 1}, "value": 1111}]},
        {"agent": "eve", "atoms": [{"bundle": {"B": 1}, "value": 2222}]},
    ],
}


def test_a_loser_is_told_what_would_have_drawn_level():
    told = explain(Problem.from_json(SALE), run("vcg", SALE), "bob", exact=True)
    assert "For A, 50.99 USD would have drawn level with the others." in told


def test_a_winner_is_told_who_is_served_without_it():
    told = explain(Problem.from_json(SALE), run("vcg", SALE), "ann")
    assert "Served beside you: nobody; without you: bob, eve." in told


def test_rules_that_solve_for_no_pivots_do_when_asked(tmp_path, capsys):
    file = tmp_path / "sale.json"
    file.write_text(json.dumps({**SALE, "mechanism": "pay_as_bid"}))
    assert main(["explain", str(file), "ann"]) == 0
    assert "Served" not in capsys.readouterr().out
    assert main(["explain", str(file), "ann", "--exact"]) == 0
    assert "Served beside you: nobody; without you: bob, eve." in capsys.readouterr().out


def test_where_nothing_is_sold_a_bidder_hears_what_the_reserve_was_worth():
    kept = {**SALE, "lots": [{"id": lot, "seller": "s", "reserve": 4000} for lot in "AB"]}
    told = explain(Problem.from_json(kept), run("vcg", kept), "bob", exact=True)
    assert "Nothing was traded." in told
    assert "For A, 40.00 USD would have drawn level with the others." in told


@pytest.mark.parametrize("agent", ["ann", "bob", "eve"])
def test_where_each_knows_its_own_only_no_word_follows_from_others_bids(agent):
    outcome = run("vcg", SALE)
    told = explain(Problem.from_json(SALE), outcome, agent, others=False)
    assert "served" not in told
    assert "drawn level" not in told
    if agent == "ann":
        return
    others_bid_else = {**SALE, "bids": [dict(bid) for bid in SALE["bids"]]}
    others_bid_else["bids"][0] = {"agent": "ann", "atoms": [{"bundle": {"A": 1, "B": 1}, "value": 9999}]}
    assert explain(Problem.from_json(others_bid_else), run("vcg", others_bid_else), agent, others=False) == told


def lost(rule: str, given: dict) -> tuple:
    """The sale, its welfare, and an offer of somebody who got nothing; None where everybody did."""
    given["bids"] = [{**bid, "budget": None} for bid in given["bids"]]
    outcome, problem = run(rule, given), Problem.from_json(given)
    sale = sale_of(problem)
    losers = [c for c, offer in enumerate(sale.offers) if outcome.award_of(offer.agent) is None]
    return sale, outcome.welfare, losers[0] if losers else None


@pytest.mark.parametrize(("rule", "drawn"), [("vcg", small), ("vcg_exchange", exchange)])
def test_the_exact_amount_wins_by_one_unit_more_and_not_by_one_less(rule, drawn):
    tried = 0
    for seed in range(60):
        given = drawn(Random(f"needed {seed}"))
        sale, welfare, column = lost(rule, given)
        if column is None:
            continue
        low, high = needed_to_win(sale, welfare, column)
        exact, same = needed_to_win(sale, welfare, column, exact=True)
        assert exact == same
        if exact is None:
            assert high is None
            continue
        assert low <= exact
        assert high is None or exact <= high
        offer = sale.offers[column]
        only_buys, only_sells = (all(sign * n > 0 for _, n in offer.bundle) for sign in (1, -1))
        for value, wins in ((exact + 1, True), (exact - 1, False)):
            if not (only_buys and value < 0) and not (only_sells and value > 0):
                assert wins_with(rule, given, offer.agent, offer.bundle, value) is wins, (given, exact)
                tried += 1
    assert tried > 20


def wins_with(rule: str, given: dict, agent: str, bundle: tuple, value: int) -> bool:
    """Whether the agent wins that bundle when this one atom is all it states."""
    bids = [bid for bid in given["bids"] if bid["agent"] != agent]
    bids.append({"agent": agent, "atoms": [{"bundle": dict(bundle), "value": value}]})
    return run(rule, {**given, "bids": bids}).award_of(agent) is not None


def told_losers(given: dict, **asked: bool) -> list[str]:
    problem, outcome = Problem.from_json(given), run("vcg_exchange", given)
    losers = [bid.agent for bid in problem.bids if outcome.award_of(bid.agent) is None]
    return [explain(problem, outcome, agent, **asked) for agent in losers]


def test_sellers_hear_what_they_might_have_asked_and_traders_which_way_money_goes():
    trade = {
        "mechanism": "vcg_exchange",
        "currency": "USD",
        "exponent": 2,
        "lots": [{"id": "A"}, {"id": "B"}],
        "bids": [
            {"agent": "ann", "atoms": [{"bundle": {"A": 1}, "value": 900}]},
            {"agent": "sam", "atoms": [{"bundle": {"A": -1}, "value": -300}]},
            {"agent": "sue", "atoms": [{"bundle": {"A": -1}, "value": -500}]},
            {"agent": "tom", "atoms": [{"bundle": {"A": -1, "B": 1}, "value": -400}]},
            {"agent": "una", "atoms": [{"bundle": {"B": -1}, "value": -50}]},
        ],
    }
    sue, tom, una = told_losers(trade, exact=True)
    assert "For A, asking 3.00 USD would have drawn level with the others." in sue
    assert "For A and B, receiving 2.50 USD would have drawn level with the others." in tom
    assert "For B, asking 0.00 USD would have drawn level with the others." in una
    assert all("would have drawn level" in told for told in told_losers(trade)[:2])


def test_who_could_not_have_sold_at_any_price_is_told_so():
    bought = {
        "mechanism": "vcg",
        "params": {"direction": "buy"},
        "currency": "USD",
        "exponent": 2,
        "lots": [{"id": lot, "buyer": "m", "reserve": 1000} for lot in "AB"],
        "bids": [
            {"agent": "both", "atoms": [{"bundle": {"A": -1, "B": -1}, "value": -100}]},
            {"agent": "sue", "atoms": [{"bundle": {"A": -1}, "value": -500}]},
        ],
    }
    told = explain(Problem.from_json(bought), run("vcg", bought), "sue")
    assert "A could not be sold at any price." in told
