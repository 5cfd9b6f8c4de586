"""Measures: known answers, identities over random outcomes, and regret held against trying everything."""

from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from mechanisms import measures, read_problem
from mechanisms.bids import Bid, Step
from mechanisms.check.generating import generate, random_params
from mechanisms.engine import clear, run
from mechanisms.measures import Clearing, interval
from mechanisms.measures.clearing import true_worth
from mechanisms.measures.regret import exact
from mechanisms.registry import get, specs
from mechanisms.types import Problem

AUCTIONS = [spec.slug for spec in specs() if spec.kind == "auction"]


def problem(mechanism: str, bids: list[dict], lots: list[dict] | None = None, **params: Any) -> dict[str, Any]:
    head = {"mechanism": mechanism, "params": params, "currency": "EUR", "exponent": 2}
    return {**head, "lots": lots or [{"id": "X", "seller": "s"}], "bids": bids}


def atoms(agent: str, value: int, *lots: str) -> dict[str, Any]:
    return {"agent": agent, "atoms": [{"bundle": dict.fromkeys(lots, 1), "value": value}]}


def steps(agent: str, *pairs: tuple[int, int]) -> dict[str, Any]:
    return {"agent": agent, "steps": [{"lot": "X", "quantity": n, "price": price} for n, price in pairs]}


def measured(stated: Any, truths: list[Bid] | None = None) -> dict[str, Any]:
    """Every measure by name; those with subjects by subject."""
    whole = read_problem(stated) if isinstance(stated, dict) else stated
    found: dict[str, Any] = {}
    for row in measures.measured(Clearing(whole, run(whole.mechanism, whole), truths or ())):
        if row.measure.per == "market":
            found[row.measure.name] = row.value
        else:
            found.setdefault(row.measure.name, {})[row.subject] = row.value
    return found


def test_a_second_price_sale() -> None:
    found = measured(problem("second_price", [atoms("a", 100, "X"), atoms("b", 70, "X")], [lot(reserve=40)]))
    assert found["reported_welfare"] == 60
    assert (found["revenue"], found["reported_efficiency"], found["budget_balance"]) == (70, 1, 0)
    assert found["reported_surplus"] == {"a": 30, "b": 0}
    assert found["reported_side_surplus"] == {"buyers": 30, "sellers": 30}
    assert (found["price"], found["traded"], found["hhi"]) == ({"X": 70}, {"X": 1}, {"buyers": 1})
    assert (found["reported_envy"], found["reported_core_distance"], found["reported_gini"]) == (0, 0, 0.5)
    assert (found["welfare"], found["price_dispersion"], found["reported_nash_distance"]) == (None, None, None)
    assert "regret" not in found


def lot(**fields: Any) -> dict[str, Any]:
    return {"id": "X", "seller": "s", **fields}


def test_a_lot_without_an_owner_is_the_markets() -> None:
    bids = [atoms("a", 100, "X"), atoms("b", 70, "X")]
    found = measured(problem("second_price", bids, [lot(reserve=40, seller=None)]))
    assert (found["reported_side_surplus"], found["budget_balance"]) == ({"buyers": 30, "sellers": 30}, 70)


def test_vcg_outside_the_core() -> None:
    """Day and Milgrom's example: two bidders for one item each, a third for both; VCG earns nothing."""
    lots = [{"id": "A", "seller": "s"}, {"id": "B", "seller": "s"}]
    bids = [atoms("1", 200, "A"), atoms("2", 200, "B"), atoms("3", 200, "A", "B")]
    assert measured(problem("vcg", bids, lots))["reported_core_distance"] == 200
    core = measured(problem("core_selecting", bids, lots))
    assert (core["reported_core_distance"], core["revenue"], core["hhi"]) == (0, 200, {"buyers": 0.5})


def test_an_exchange_that_gives_up_a_trade() -> None:
    bids = [steps("b1", (1, 10)), steps("b2", (1, 8)), steps("s1", (-1, 2)), steps("s2", (-1, 6))]
    found = measured(problem("trade_reduction", bids, [{"id": "X"}]))
    assert found["reported_welfare"] == 8
    assert found["reported_efficiency"] == pytest.approx(0.8)
    assert found["reported_side_surplus"] == {"buyers": 2, "sellers": 4}
    assert found["budget_balance"] == 2


def test_prices_apart_and_shares_of_money() -> None:
    bids = [steps("a", (1, 30)), steps("b", (1, 70)), steps("c", (1, 10))]
    found = measured(problem("pay_as_bid", bids, [lot(supply=2)]))
    assert found["price_dispersion"] == pytest.approx(0.4)
    assert found["hhi"] == {"buyers": pytest.approx(0.58)}
    assert found["reported_gini"] is None


def test_gini_of_one_winner() -> None:
    bids = [steps("a", (1, 30)), steps("b", (1, 10)), steps("c", (1, 10))]
    assert measured(problem("second_price", bids))["reported_gini"] == pytest.approx(2 / 3)


def test_envy_where_the_price_is_not_the_same() -> None:
    bids = [steps("a", (1, 100)), steps("b", (1, 60))]
    assert measured(problem("pay_as_bid", bids, [lot(supply=2)]))["reported_envy"] == 40


@pytest.mark.parametrize("slug", AUCTIONS)
def test_identities_of_every_auction(slug: str) -> None:
    """What buyers, sellers and the market have is the welfare; the best is never less; no regret where none may be."""
    rng, spec = Random(slug), get(slug)
    for _ in range(12):
        made = generate(spec, rng, random_params(spec, rng))
        outcome = run(slug, made)
        if outcome.status == "unproven":
            continue
        found = measured(made)
        sides = found["reported_side_surplus"]
        kept = found["budget_balance"] if spec.sides == "two" else 0  # of one-sided rules the market is an owner
        assert sum(sides.values()) + kept == found["reported_welfare"], made
        if found["reported_efficiency"] is not None:
            most = 1 if spec.holds("optimal_for_reports", made.params) else None
            within = not outcome.certificate.get("budget_bound")
            assert found["reported_efficiency"] <= 1 + 1e-9 or not within, made
            assert most is None or not within or found["reported_efficiency"] == pytest.approx(1), made
        if spec.holds("core_for_reports", made.params) and not outcome.certificate.get("budget_bound"):
            assert not found["reported_core_distance"], made
        if spec.holds("envy_free", made.params) and not outcome.certificate.get("budget_bound"):
            assert not found["reported_envy"], made


def test_true_values_beside_reports() -> None:
    truths = [Bid("a", steps=(Step("X", 1, 100),)), Bid("b", steps=(Step("X", 1, 150),))]
    found = measured(problem("first_price", [steps("a", (1, 90)), steps("b", (1, 80))]), truths)
    assert (found["welfare"], found["efficiency"]) == (100, pytest.approx(2 / 3))
    assert found["surplus"] == {"a": 10, "b": 0}
    assert found["regret"]["a"] in (9, 10, 19, 20)
    assert found["regret"]["b"] in (59, 60)
    assert "regret_found" not in found


UNITS = ("first_price", "second_price", "uniform_price", "multi_unit_vickrey", "double_auction", "trade_reduction")


@pytest.mark.parametrize("slug", [*UNITS, "pay_as_bid", "gsp", "position_vcg"])
def test_exact_regret_is_what_trying_every_price_finds(slug: str) -> None:
    rng, spec, tried = Random(slug), get(slug), 0
    while tried < 6:
        made = generate(spec, rng, random_params(spec, rng), ("unit_demand", "unit_supply", "no_binding_budget"))
        if not made.bids or not exact(made) or max(s.price for bid in made.bids for s in bid.steps or ()) > 70:
            continue
        tried += 1
        truths = [_truth(bid, rng) for bid in made.bids]
        assert measured(made, truths)["regret"] == {bid.agent: _tried(made, bid) for bid in truths}, made


def _truth(bid: Bid, rng: Random) -> Bid:
    (step,) = bid.steps or ()
    return Bid(bid.agent, steps=(replace(step, price=max(0, step.price + rng.choice([-2, 0, 0, 1, 5]))),))


def _tried(made: Problem, truth: Bid) -> int:
    (step,) = truth.steps or ()
    prices = [Bid(truth.agent, steps=())] + [Bid(truth.agent, steps=(replace(step, price=n),)) for n in range(160)]
    own = next(bid for bid in made.bids if bid.agent == truth.agent)
    have = _utility(made, own, truth)
    return max(have, *(_utility(made, bid, truth) for bid in prices)) - have


def _utility(made: Problem, bid: Bid, truth: Bid) -> int:
    outcome = clear(replace(made, bids=tuple(bid if b.agent == truth.agent else b for b in made.bids)))
    return true_worth(truth, outcome.award_of(truth.agent), made) - outcome.payments[truth.agent]


def test_of_bundles_regret_is_a_bound_that_says_so() -> None:
    lots = [{"id": "A", "seller": "s"}, {"id": "B", "seller": "s"}]
    bids = [atoms("1", 200, "A"), atoms("2", 200, "B"), atoms("3", 200, "A", "B")]
    stated = read_problem(problem("pay_as_bid", bids, lots))
    found = measured(stated, list(stated.bids))
    assert "regret" not in found
    assert found["regret_found"]["1"] > 0


def test_bargains() -> None:
    stated = {
        "mechanism": "utilitarian_bargaining",
        "agreements": [
            {"id": "x", "utilities": {"a": 9, "b": 1}},
            {"id": "y", "utilities": {"a": 4, "b": 4}},
        ],
        "disagreement": {"a": 0, "b": 0},
    }
    found = measured(read_problem(stated))
    assert found["reported_utility"] == {"a": 9, "b": 1}
    assert found["reported_nash_distance"] == pytest.approx((25 + 9) ** 0.5)
    assert measured(read_problem({**stated, "mechanism": "nash_bargaining"}))["reported_nash_distance"] == 0
    assert measured(read_problem({**stated, "mechanism": "kalai_smorodinsky"}))["reported_ks_distance"] == 0


def test_a_rule_of_turns_has_prices_and_money_but_no_reports() -> None:
    """Three bids by English auction: the price is the second's bid and one increment."""
    made = [("a", 500, 1), ("b", 900, 2), ("a", 1200, 3)]
    moves = [
        {"n": n, "agent": agent, "type": "bid", "data": {"amount": amount}, "at": f"2026-01-01T00:0{n}:00Z"}
        for agent, amount, n in made
    ]
    head = {"mechanism": "english", "params": {"increments": [[None, 50]]}, "currency": "EUR", "exponent": 2}
    times = {"opened_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-01T01:00:00Z"}
    end = {"n": 4, "agent": "@clock", "type": "timeout", "at": "2026-01-01T01:00:00Z"}
    found = measured({**head, **times, "lots": [lot()], "bidders": ["a", "b"], "moves": [*moves, end]})
    assert (found["price"], found["traded"], found["revenue"]) == ({"X": 950}, {"X": 1}, 950)
    assert (found["hhi"], found["budget_balance"]) == ({"buyers": 1, "sellers": None}, 0)
    assert (found["reported_welfare"], "reported_side_surplus" in found) == (None, False)


def test_every_kind_of_problem_can_be_measured() -> None:
    rng = Random(2)
    for spec in specs():
        made = generate(spec, rng, random_params(spec, rng))
        list(measures.measured(Clearing(made, run(spec.slug, made))))


def test_one_market_has_no_interval() -> None:
    assert (interval([4]).low, interval([4]).high, interval([4]).mean) == (None, None, 4)
    assert interval([]).mean is None


def test_the_interval_covers_the_mean_as_often_as_it_says() -> None:
    rng, covered = Random(1), 0
    for seed in range(60):
        found = interval([rng.gauss(10, 3) for _ in range(60)], seed=seed, draws=300)
        covered += found.low <= 10 <= found.high
    assert 50 <= covered <= 60
    assert interval([1, 2, 3], seed=5) == interval([1, 2, 3], seed=5)


def test_every_measure_says_what_it_is() -> None:
    names = [each.name for each in measures.every()]
    assert {"reported_welfare", "efficiency", "revenue", "budget_balance", "hhi", "reported_gini", "regret"} <= set(
        names
    )
    for each in measures.every():
        assert len(each.name) <= 32
        assert len(each.label) <= 80
        assert each.definition.endswith(".")
        assert each.reference.endswith(".")
        assert each.assumes.endswith(".")
        assert each.reported == ("truthful rule" in each.description)
