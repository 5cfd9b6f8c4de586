"""Where doubles end, nothing is stated that verify would refute: shares, lotteries and Fisher markets."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from bargain_making import statuses, term

from mechanisms import read_problem, run
from mechanisms.check import verify

# Utilities from a thousandth to fifty thousand, and slopes that are all but upright at 0.
LEFT_OVER = {
    "resources": {"r0": 1, "r1": 1, "r2": 1},
    "parties": {
        "p0": {"terms": [{"resource": "r2", "kind": "power", "coefficient": 1, "exponent": 0.25}]},
        "p1": {
            "terms": [{"resource": "r2", "kind": "power", "coefficient": 1, "exponent": 0.1}],
            "disagreement": 0.1,
        },
        "p2": {
            "terms": [
                {"resource": "r0", "kind": "power", "coefficient": 50000, "exponent": 0.1},
                {"resource": "r2", "kind": "linear", "coefficient": 50},
                {"resource": "r1", "kind": "linear", "coefficient": 50},
            ]
        },
        "p3": {
            "terms": [
                {"resource": "r0", "kind": "power", "coefficient": 1, "exponent": 0.1},
                {"resource": "r2", "kind": "log", "coefficient": 50000, "rate": 1},
            ],
            "disagreement": 0.1,
        },
    },
}
GAP = {
    "resources": {"r0": 1, "r1": 1},
    "parties": {
        "p0": {
            "terms": [
                {"resource": "r0", "kind": "exponential", "coefficient": 0.001, "rate": 1},
                {"resource": "r1", "kind": "log", "coefficient": 50000, "rate": 100},
            ]
        },
        "p1": {
            "terms": [
                {"resource": "r1", "kind": "exponential", "coefficient": 1, "rate": 1},
                {"resource": "r0", "kind": "power", "coefficient": 50000, "exponent": 0.5},
            ],
            "disagreement": -1,
        },
        "p2": {
            "terms": [
                {"resource": "r0", "kind": "power", "coefficient": 50, "exponent": 0.1},
                {"resource": "r1", "kind": "log", "coefficient": 0.001, "rate": 1},
            ],
            "disagreement": -1,
        },
        "p3": {"terms": [{"resource": "r1", "kind": "linear", "coefficient": 1}]},
    },
}


@pytest.mark.parametrize(("slug", "steep"), [("kalai_smorodinsky", LEFT_OVER), ("egalitarian_bargaining", GAP)])
def test_what_verify_would_refute_is_not_stated(slug, steep):
    """The method stops here with something left over, or with a level that its multipliers do not prove."""
    problem = read_problem({"mechanism": slug, **steep})
    outcome = run(slug, problem)
    assert verify(problem, outcome) == []
    assert outcome.status == "unproven"


def extreme(seed: int) -> dict[str, Any]:
    """Two to five parties whose utilities are up to 50 million times each other's, most slopes steep."""
    rng = Random(seed)
    resources = {f"r{i}": 1 for i in range(rng.choice([1, 2, 3]))}
    parties = {}
    for index in range(rng.choice([2, 3, 4, 5])):
        terms = []
        for resource in rng.sample(sorted(resources), rng.randint(1, len(resources))):
            made = term(rng, resource)
            while made["kind"] == "piecewise":
                made = term(rng, resource)
            made["coefficient"] = rng.choice([0.001, 1, 50, 50_000])
            terms.append(made | ({"exponent": rng.choice([0.1, 0.25])} if made["kind"] == "power" else {}))
        parties[f"p{index}"] = {"terms": terms, "disagreement": rng.choice([0, 0, 0.1, -1])}
    return {"resources": resources, "parties": parties}


@pytest.mark.prove
def test_extreme_sets_are_proven_or_unproven_at_length():
    reached = [status for seed in range(250) for status in statuses(extreme(seed))]
    assert reached.count("unproven") < 0.2 * len(reached)


def test_a_lottery_that_verify_would_refute_is_not_stated():
    """The conic solver stops here with a level whose multipliers leave room."""
    listed = [
        (40.394803, 0.467217, 16.62599),
        (44.83763, 0.792412, 42.980685),
        (33.290687, 0.18546, 19.496426),
        (11.971468, 0.793129, 0.459206),
        (39.527384, 0.166776, 15.3071),
    ]
    agreements = [
        {"id": f"a{place}", "utilities": dict(zip(("p0", "p1", "p2"), own, strict=True))}
        for place, own in enumerate(listed)
    ]
    stated = {"agreements": agreements, "disagreement": {"p0": 5, "p1": 0.1, "p2": 0}}
    problem = read_problem({"mechanism": "egalitarian_bargaining", "params": {"convexify": True}, **stated})
    outcome = run("egalitarian_bargaining", problem)
    assert verify(problem, outcome) == []
    assert outcome.status == "unproven"


def test_a_market_that_verify_would_refute_is_not_stated():
    """Budgets of 1 beside 50,000: with these shares some would leave money unspent."""
    goods = {"g0": 2, "g1": 1, "g2": 1, "g3": 2}
    buyers = [
        (50000, (50, 50, 1, 50)),
        (1, (1, 0.001, 50000, 50)),
        (1, (50000, 50000, 50000, 50000)),
        (50000, (1, 1, 50, 50)),
        (1, (50, 0.001, 50, 1)),
    ]
    agents = {
        f"a{place}": {"budget": budget, "values": dict(zip(goods, values, strict=True))}
        for place, (budget, values) in enumerate(buyers)
    }
    params = {"money": "currency"}
    problem = read_problem({"mechanism": "fisher_market", "goods": goods, "agents": agents, "params": params})
    outcome = run("fisher_market", problem)
    assert verify(problem, outcome) == []
    assert (outcome.status, outcome.charges) == ("unproven", ())
