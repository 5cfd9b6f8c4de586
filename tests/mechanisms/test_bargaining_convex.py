"""Bargaining over convex sets: closed forms, lotteries, the ray, and an independent model in cvxpy."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from mechanisms import ProblemError, read_outcome, read_problem, run
from mechanisms.check import verify

EXAMPLES = {
    entry["id"]: entry
    for entry in json.loads((Path(__file__).parent / "data" / "worked-examples" / "bargaining.json").read_text())
}
SOLUTIONS = {
    "nash": "nash_bargaining",
    "kalai_smorodinsky": "kalai_smorodinsky",
    "egalitarian": "egalitarian_bargaining",
    "utilitarian": "utilitarian_bargaining",
}


def solved(slug: str, problem: dict[str, Any], **params: Any):
    given = read_problem({"mechanism": slug, **problem, "params": params})
    outcome = run(slug, given)
    assert verify(given, outcome) == []
    assert verify(given, read_outcome(outcome.to_json())) == []
    return outcome


def term(resource: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"resource": resource, "kind": kind, **more}


def party(*terms: dict[str, Any], disagreement: float = 0) -> dict[str, Any]:
    return {"terms": list(terms), "disagreement": disagreement}


LINEAR, ROOT = term("pie", "linear", coefficient=1), term("pie", "power", coefficient=1, exponent=0.5)


@pytest.mark.known_answers
@pytest.mark.parametrize("name", SOLUTIONS)
def test_splitting_with_one_who_is_risk_averse(name):
    """u1 = x, u2 = sqrt(1 - x): closed forms, to nine digits."""
    problem = {"resources": {"pie": 1}, "parties": {"a": party(LINEAR), "b": party(ROOT)}}
    outcome = solved(SOLUTIONS[name], problem)
    assert float(outcome.shares["a"]["pie"]) == pytest.approx(EXAMPLES["split-risk-averse"][f"{name}_x"], abs=2e-9)


@pytest.mark.known_answers
@pytest.mark.parametrize("name", ["nash", "kalai_smorodinsky"])
def test_the_hull_of_kalai_and_smorodinsky(name):
    points = {"o": (0, 0), "p": (0, 1), "q": (1, 0), "r": (0.75, 0.75)}
    agreements = [{"id": key, "utilities": {"a": x, "b": y}} for key, (x, y) in points.items()]
    outcome = solved(SOLUTIONS[name], {"agreements": agreements, "disagreement": {"a": 0, "b": 0}}, convexify=True)
    assert [float(u) for u in outcome.utilities.values()] == pytest.approx(EXAMPLES["ks-1975-S1"][name], abs=1e-8)


def listed(*points: tuple[float, ...], d: float = 0) -> dict[str, Any]:
    names = "abcde"[: len(points[0])]
    agreements = [{"id": f"x{i}", "utilities": dict(zip(names, point, strict=True))} for i, point in enumerate(points)]
    return {"agreements": agreements, "disagreement": dict.fromkeys(names, d)}


def test_a_lottery_where_no_single_agreement_will_do():
    problem = listed((1, 0), (0, 1))
    assert solved("nash_bargaining", problem).status == "disagreement"
    outcome = solved("nash_bargaining", problem, convexify=True)
    assert [float(part.probability) for part in outcome.lottery] == pytest.approx([0.5, 0.5])
    assert solved("nash_bargaining", listed((1, 0), (2, 0)), convexify=True).status == "disagreement"
    heavier = solved("nash_bargaining", problem, convexify=True, weights={"a": 3})
    assert [float(u) for u in heavier.utilities.values()] == pytest.approx([0.75, 0.25])


def test_the_ray_is_not_pareto_optimal_for_three():
    """The third party alone likes cake, but the ray stops when the pie is gone."""
    cake = party(term("cake", "log", coefficient=1))
    problem = {"resources": {"pie": 1, "cake": 1}, "parties": {"a": party(LINEAR), "b": party(ROOT), "c": cake}}
    ray = solved("kalai_smorodinsky", problem, definition="ray")
    leximin = solved("kalai_smorodinsky", problem)
    assert float(leximin.utilities["c"]) == pytest.approx(np.log(2))
    assert float(ray.utilities["c"]) < 0.43
    for name in "ab":
        assert float(ray.utilities[name]) == pytest.approx(float(leximin.utilities[name]), abs=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_the_ray_is_pareto_optimal_for_two(seed):
    rng = Random(seed)
    problem = {
        "resources": {"pie": rng.randint(1, 5)},
        "parties": {
            "a": party(term("pie", "log", coefficient=rng.randint(1, 5), rate=rng.randint(1, 3))),
            "b": party(term("pie", "exponential", coefficient=rng.randint(1, 5))),
        },
    }
    ray, leximin = solved("kalai_smorodinsky", problem, definition="ray"), solved("kalai_smorodinsky", problem)
    for name in "ab":
        assert float(ray.utilities[name]) == pytest.approx(float(leximin.utilities[name]), abs=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_nash_as_cvxpy_models_it(seed):
    """Three resources, five parties, all smooth kinds, against a model that shares nothing with ours."""
    cp = pytest.importorskip("cvxpy")
    rng = Random(seed)
    resources = {"r0": 2, "r1": 3.5, "r2": 1}
    parties, gains, constraints = {}, [], []
    shares = cp.Variable((5, 3), nonneg=True)
    for number in range(5):
        terms, gain = [], 0
        for place, name in enumerate(resources):
            c, kind = rng.randint(1, 4), rng.choice(["linear", "log", "exponential", "power"])
            x = shares[number, place]
            more = {"exponent": 0.5} if kind == "power" else {}
            terms.append(term(name, kind, coefficient=c, **more))
            gain += {
                "linear": lambda x=x, c=c: c * x,
                "log": lambda x=x, c=c: c * cp.log1p(x),
                "exponential": lambda x=x, c=c: c * (1 - cp.exp(-x)),
                "power": lambda x=x, c=c: c * cp.sqrt(x),
            }[kind]()
        parties[f"p{number}"] = party(*terms, disagreement=0.1)
        gains.append(gain - 0.1)
    constraints.append(cp.sum(shares, axis=0) <= list(resources.values()))
    cp.Problem(cp.Maximize(cp.sum(cp.log(cp.hstack(gains)))), constraints).solve(solver="CLARABEL")
    outcome = solved("nash_bargaining", {"resources": resources, "parties": parties})
    theirs = [float(gain.value) + 0.1 for gain in gains]
    ours = [float(u) for u in outcome.utilities.values()]
    assert ours == pytest.approx(theirs, rel=2e-4)  # it stops at a flat top, where ours goes on
    assert sum(np.log(np.array(ours) - 0.1)) >= sum(np.log(np.array(theirs) - 0.1)) - 1e-8


def test_what_no_share_can_better_is_no_error():
    problem = {
        "resources": {"pie": 1},
        "parties": {"a": party(LINEAR, disagreement=0.8), "b": party(ROOT, disagreement=0.9)},
    }
    for slug in SOLUTIONS.values():
        outcome = solved(slug, problem)
        assert (outcome.status, float(outcome.utilities["a"])) == ("disagreement", 0.8)
    assert (
        solved("nash_bargaining", {"resources": {"pie": 0}, "parties": {"a": party(LINEAR), "b": party(ROOT)}}).status
        == "disagreement"
    )


def bad(**change: Any) -> dict[str, Any]:
    return {"resources": {"pie": 1}, "parties": {"a": party(LINEAR), "b": party(ROOT)}} | change


REFUSED = [
    (bad(parties={"a": party(term("pie", "power", coefficient=1, exponent=2)), "b": party(ROOT)}), "not_concave"),
    (bad(parties={"a": party(term("pie", "log", coefficient=-1)), "b": party(ROOT)}), "not_concave"),
    (bad(parties={"a": party(term("pie", "exponential", coefficient=1, rate=-1)), "b": party(ROOT)}), "not_concave"),
    (
        bad(parties={"a": party(term("pie", "piecewise", points=[[0, 0], [1, 1], [2, 3]])), "b": party(ROOT)}),
        "not_concave",
    ),
    (bad(parties={"a": party(term("pie", "piecewise", points=[[1, 0], [2, 1]])), "b": party(ROOT)}), "not_a_function"),
    (bad(parties={"a": party(term("pie", "cubic", coefficient=1)), "b": party(ROOT)}), "unknown_term"),
    (bad(parties={"a": party(term("tart", "linear", coefficient=1)), "b": party(ROOT)}), "unknown_resource"),
    (bad(parties={"a": party(LINEAR, LINEAR), "b": party(ROOT)}), "duplicate_term"),
    (bad(parties={"a": party(), "b": party(ROOT)}), "no_utility"),
    (bad(parties={"a": party(LINEAR)}), "number_of_parties"),
    (bad(resources={"pie": None}), "unbounded_set"),
    (bad(resources={"pie": -1}), "empty_set"),
    (bad(resources={"pie": float("nan")}), "not_finite"),
    (bad(resources={}), "empty"),
    (bad(resources={"pie": 10**13}), "out_of_range"),
    (bad(transfers=[]), "unknown_field"),
]


@pytest.mark.parametrize(("problem", "code"), REFUSED)
def test_what_is_no_convex_set(problem, code):
    with pytest.raises(ProblemError) as caught:
        run("nash_bargaining", {"mechanism": "nash_bargaining", **problem})
    assert caught.value.code == code


def test_definitions_keep_to_their_sets():
    for problem, params, code in (
        (bad(), {"definition": "closest_ratio"}, "single_agreements_only"),
        (listed((1, 2), (2, 1)), {"definition": "ray"}, "needs_convex_set"),
        (listed((1, 2), (2, 1)), {"definition": "ray", "convexify": True}, "needs_shares"),
        (listed((1, 2), (2, 1)), {"definition": "closest_ratio", "convexify": True}, "invalid_params"),
    ):
        with pytest.raises(ProblemError) as caught:
            run("kalai_smorodinsky", {"mechanism": "kalai_smorodinsky", **problem}, params)
        assert caught.value.code == code
