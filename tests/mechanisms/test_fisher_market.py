"""Fisher markets: known prices, the least squares of shares, an independent model in cvxpy, and bad input."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from mechanisms import ProblemError, get, read_outcome, read_problem, run
from mechanisms.check import verify
from mechanisms.check.fisher import envy_free
from mechanisms.check.generating import generate


def market(goods: dict[str, Any], agents: dict[str, tuple[int, dict[str, Any]]], **params: Any):
    buyers = {name: {"budget": budget, "values": values} for name, (budget, values) in agents.items()}
    return read_problem({"mechanism": "fisher_market", "goods": goods, "agents": buyers, "params": params})


def cleared(problem):
    outcome = run("fisher_market", problem)
    assert verify(problem, outcome) == []
    assert read_outcome(outcome.to_json()).to_json() == outcome.to_json()
    return outcome


def test_one_good_is_shared_by_budgets():
    outcome = cleared(market({"x": 10}, {"a": (30, {"x": 1}), "b": (70, {"x": 5})}))
    assert (outcome.prices, outcome.shares) == ({"x": 10}, {"a": {"x": 3}, "b": {"x": 7}})


def test_each_its_own():
    """Opposite tastes: both goods at the budget, nobody buys the other."""
    outcome = cleared(market({"x": 1, "y": 1}, {"a": (5, {"x": 2, "y": 1}), "b": (5, {"x": 1, "y": 2})}))
    assert outcome.prices == {"x": 5, "y": 5}
    assert outcome.shares == {"a": {"x": 1, "y": 0}, "b": {"x": 0, "y": 1}}


def test_of_many_equilibria_the_most_even_one():
    """Equal tastes and budgets: every split of the value is an equilibrium; half of each good is the least squares."""
    agents = {name: (10, {"x": 1, "y": 3}) for name in "ab"}
    outcome = cleared(market({"x": 1, "y": 1}, agents))
    assert outcome.shares == {"a": {"x": 0.5, "y": 0.5}, "b": {"x": 0.5, "y": 0.5}}


def test_money_and_what_nobody_wants():
    given = market({"x": 1, "waste": 5}, {"a": (5, {"x": 2}), "b": (3, {"x": 1})}, money="currency")
    outcome = cleared(given)
    assert outcome.prices == {"waste": 0, "x": 8}
    assert outcome.payments == {"a": 5, "b": 3}
    assert [(charge.payer, charge.payee, charge.amount) for charge in outcome.charges] == [
        ("a", "@market", 5),
        ("b", "@market", 3),
    ]
    assert cleared(market({"x": 1}, {"a": (5, {"x": 2})})).payments == {}


def test_prices_and_squares_as_cvxpy_has_them():
    cp = pytest.importorskip("cvxpy")
    rng, spec = Random("fisher"), get("fisher_market")
    for _ in range(8):
        problem = generate(spec, rng, {})
        outcome = cleared(problem)
        names, goods = sorted(problem.buyers), sorted(problem.goods)
        supply = np.array([float(problem.goods[good]) for good in goods])
        value = np.array([[float(problem.buyers[name][1].get(good, 0)) for good in goods] for name in names])
        budget = np.array([float(problem.buyers[name][0]) for name in names])
        price = np.array([float(outcome.prices[good]) for good in goods])
        shares = cp.Variable(value.shape, nonneg=True)
        wanted = value.sum(axis=0) > 0
        rate = np.array([float(outcome.utilities[name]) for name in names])
        model = cp.Problem(
            cp.Minimize(cp.sum_squares(shares)),
            [
                cp.sum(shares, axis=0)[wanted] == supply[wanted],
                cp.sum(cp.multiply(value, shares), axis=1) >= rate * (1 - 1e-7),
                shares @ price <= budget * (1 + 1e-7),
                *([cp.sum(shares, axis=0)[~wanted] == 0] if (~wanted).any() else []),
            ],
        )
        model.solve(solver="CLARABEL")
        mine = np.array([[float(outcome.shares[name][good]) for good in goods] for name in names])
        assert (mine**2).sum() == pytest.approx(model.value, rel=1e-4)


def test_equal_budgets_leave_no_envy():
    rng, spec = Random("envy"), get("fisher_market")
    for _ in range(25):
        problem = generate(spec, rng, {}, ("equal_budgets",))
        assert not list(envy_free(problem, run("fisher_market", problem)))


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"goods": {}}, "empty", "/goods"),
        ({"goods": {"x": 0}}, "out_of_range", "/goods/x"),
        ({"goods": {"x": -1}}, "out_of_range", "/goods/x"),
        ({"goods": {"x": float("nan")}}, "not_finite", "/goods/x"),
        ({"agents": {"a": {"budget": 0, "values": {"x": 1}}}}, "out_of_range", "/agents/a/budget"),
        ({"agents": {"a": {"budget": 1.5, "values": {"x": 1}}}}, "not_an_integer", "/agents/a/budget"),
        ({"agents": {"a": {"budget": 1, "values": {"x": 0}}}}, "no_utility", "/agents/a/values"),
        ({"agents": {"a": {"budget": 1, "values": {"y": 1}}}}, "unknown_field", "/agents/a/values/y"),
        ({"agents": {"a": {"budget": 1, "values": {"x": -1}}}}, "out_of_range", "/agents/a/values/x"),
    ],
)
def test_what_is_no_market(change, code, pointer):
    data = {"mechanism": "fisher_market", "goods": {"x": 1}, "agents": {"a": {"budget": 1, "values": {"x": 1}}}}
    with pytest.raises(ProblemError) as caught:
        run("fisher_market", {**data, **change})
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_another_equilibrium_is_not_the_most_even_one():
    """Equal tastes: one could have more of x and the other of y at the same prices; only the even split passes."""
    agents = {name: (10, {"x": 1, "y": 1}) for name in "ab"}
    problem = market({"x": 1, "y": 1}, agents)
    outcome = cleared(problem)
    uneven = replace(outcome, shares={"a": {"x": 1, "y": 0}, "b": {"x": 0, "y": 1}})
    assert {finding.code for finding in verify(problem, uneven)} == {"not_least_squares", "wrong_digest"}
    bare = replace(outcome, certificate={"grade": "numeric"})
    assert {finding.code for finding in verify(problem, bare)} == {"not_least_squares"}
