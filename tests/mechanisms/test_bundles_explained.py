"""What a bidder over bundles is told: what it would have needed, and nothing of others where the market says so."""

from __future__ import annotations

from random import Random

import pytest
from bundle_oracle import small

from mechanisms import Problem, explain, run
from mechanisms.bundles import Sale
from mechanisms.explaining_bundles import needed_to_win
from mechanisms.registry import get

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


def test_the_exact_amount_wins_by_one_unit_more_and_not_by_one_less():
    tried = 0
    for seed in range(60):
        given = small(Random(f"needed {seed}"))
        given["bids"] = [{**bid, "budget": None} for bid in given["bids"]]
        outcome = run("vcg", given)
        problem = Problem.from_json(given)
        lost = [bid for bid in problem.bids if outcome.award_of(bid.agent) is None and bid.atoms]
        for bid in lost[:1]:
            sale = Sale(problem, get("vcg").read_params({}))
            column = next(c for c, offer in enumerate(sale.offers) if offer.agent == bid.agent)
            low, high = needed_to_win(sale, outcome.welfare, column)
            exact, same = needed_to_win(sale, outcome.welfare, column, exact=True)
            if exact is None:
                continue
            assert exact == same
            assert low <= exact
            assert high is None or exact <= high
            for value, wins in ((exact + 1, True), (exact - 1, False)):
                if value >= 0:
                    assert (wins_with(given, bid.agent, sale.offers[column].bundle, value)) is wins, (given, exact)
                    tried += 1
    assert tried > 20


def wins_with(given: dict, agent: str, bundle: tuple, value: int) -> bool:
    """Whether the agent wins that bundle when this one atom is all it states."""
    bids = [bid for bid in given["bids"] if bid["agent"] != agent]
    bids.append({"agent": agent, "atoms": [{"bundle": dict(bundle), "value": value}]})
    return run("vcg", {**given, "bids": bids}).award_of(agent) is not None
