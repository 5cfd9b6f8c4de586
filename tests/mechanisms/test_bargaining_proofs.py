"""Bargains over resources are proven by multipliers: generated sets of every kind, steep ones, and forged proofs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bargain_making import RULES, drawn, statuses

from mechanisms import read_outcome, read_problem, run
from mechanisms.check import verify
from mechanisms.digest import digest_of


def proven(seed: int) -> int:
    """How many of the rules reached a proof."""
    return sum(status != "unproven" for status in statuses(drawn(seed)))


def test_generated_sets_are_proven():
    assert sum(proven(seed) for seed in range(12)) >= 12 * len(RULES) - 1


@pytest.mark.prove
def test_generated_sets_are_proven_at_length():
    assert sum(proven(seed) for seed in range(12, 400)) >= 0.98 * 388 * len(RULES)


STEEP = {
    "resources": {"pie": 1, "cake": 1},
    "parties": {
        "a": {
            "terms": [
                {"resource": "pie", "kind": "power", "coefficient": 1, "exponent": 0.25},
                {"resource": "cake", "kind": "linear", "coefficient": 1},
            ]
        },
        "b": {"terms": [{"resource": "pie", "kind": "linear", "coefficient": 1}]},
        "c": {"terms": [{"resource": "cake", "kind": "log", "coefficient": 2, "rate": 1}]},
    },
}


def test_the_leximin_of_a_steep_set_as_cvxpy_has_it():
    """A power's slope at 0 has no bound: the first crumb of pie is worth more to `a` than to anybody else."""
    cp = pytest.importorskip("cvxpy")
    pie, cake = cp.Variable(2, nonneg=True), cp.Variable(2, nonneg=True)
    gains = [cp.power(pie[0], 0.25) + cake[0], pie[1], 2 * cp.log1p(cake[1])]
    least = cp.Variable()
    program = cp.Problem(cp.Maximize(least), [cp.sum(pie) <= 1, cp.sum(cake) <= 1, *(gain >= least for gain in gains)])
    program.solve(solver="CLARABEL")
    problem = read_problem({"mechanism": "egalitarian_bargaining", **STEEP})
    outcome = run("egalitarian_bargaining", problem)
    assert verify(problem, outcome) == []
    assert min(float(u) for u in outcome.utilities.values()) == pytest.approx(float(least.value), abs=1e-6)


TWO_LEVELS = {
    "resources": {"pie": 1, "cake": 4},
    "parties": {
        "a": {"terms": [{"resource": "cake", "kind": "linear", "coefficient": 1}]},
        "b": {"terms": [{"resource": "pie", "kind": "linear", "coefficient": 1}]},
        "c": {
            "terms": [
                {"resource": "pie", "kind": "power", "coefficient": 1, "exponent": 0.25},
                {"resource": "cake", "kind": "linear", "coefficient": 1},
            ]
        },
    },
}


def test_who_cannot_have_more_leaves_the_rest_to_the_others():
    """Nobody but `b` is short: the pie is all that it likes, and `a`, whom the pie is worth nothing, has all cake."""
    outcome = run("egalitarian_bargaining", {"mechanism": "-", **TWO_LEVELS})
    assert {name: float(u) for name, u in outcome.utilities.items()} == {"a": 2, "b": 1, "c": 2}
    assert float(outcome.shares["c"]["pie"]) == 0
    assert len(outcome.certificate["levels"]) == 2


def test_what_doubles_cannot_prove_is_unproven():
    """`a` reaches the level with 10^-52 of the pie: who cannot have more is beyond all digits."""
    steep = {"terms": [{"resource": "pie", "kind": "power", "coefficient": 50, "exponent": 0.1}]}
    weak = {"terms": [{"resource": "pie", "kind": "linear", "coefficient": 0.00001}]}
    problem = read_problem(
        {"mechanism": "egalitarian_bargaining", "resources": {"pie": 1}, "parties": {"a": steep, "b": weak}}
    )
    outcome = run("egalitarian_bargaining", problem)
    assert outcome.status == "unproven"
    assert verify(problem, outcome) == []


def test_the_ray_leaves_nothing_to_who_has_enough_without():
    """Seven can have a third of what they hope for; who could do without an agreement nearly as well has no dust."""
    problem = read_problem({"mechanism": "kalai_smorodinsky", "params": {"definition": "ray"}, **drawn(48)})
    outcome = run("kalai_smorodinsky", problem)
    assert (outcome.status, verify(problem, outcome)) == ("cleared", [])
    assert not any(outcome.shares["p04"].values())


def forged(slug: str, problem: dict[str, Any], change: Any, **params: Any) -> set[str]:
    """The codes of what is found against an outcome of this problem that was changed and signed anew."""
    given = read_problem({"mechanism": slug, "params": params, **problem})
    honest = run(slug, given)
    assert verify(given, honest) == []
    data = json.loads(honest.to_json())
    change(data)
    prepared = given.to_dict() | {"params": {**_defaults(slug), **params}}
    data["digest"] = digest_of(prepared, 1, {name: value for name, value in data.items() if name != "certificate"})
    return {finding.code for finding in verify(given, read_outcome(data))} - {"wrong_digest"}


def _defaults(slug: str) -> dict[str, Any]:
    return {"nash_bargaining": {"weights": {}, "convexify": False}}.get(slug, {})


def no_agreement(data: dict[str, Any]) -> None:
    data |= {"status": "disagreement", "shares": {}, "utilities": dict.fromkeys(data["utilities"], 0)}


@pytest.mark.parametrize(("slug", "params"), RULES)
def test_a_false_disagreement_is_caught(slug, params):
    assert forged(slug, STEEP, no_agreement, **params) & {"gap"}


def test_false_ideals_are_caught():
    def less(data: dict[str, Any]) -> None:
        data["certificate"]["ideals"]["a"]["gain"] *= 0.9

    def unreached(data: dict[str, Any]) -> None:
        data["certificate"]["ideals"]["a"]["shares"]["a"]["cake"] *= 0.9

    def missing(data: dict[str, Any]) -> None:
        del data["certificate"]["ideals"]["b"]

    for change in (less, unreached, missing):
        assert "gap" in forged("kalai_smorodinsky", STEEP, change)


def test_false_levels_are_caught():
    def cheap(data: dict[str, Any]) -> None:
        data["certificate"]["levels"][0]["prices"]["pie"] *= 0.99

    def garbled(data: dict[str, Any]) -> None:
        data["certificate"]["levels"][0] = {"multipliers": "many"}

    for slug in ("egalitarian_bargaining", "kalai_smorodinsky"):
        for change in (cheap, garbled):
            assert "gap" in forged(slug, STEEP, change)


def test_a_later_level_is_checked_too():
    def uneven(data: dict[str, Any]) -> None:
        data["shares"]["a"]["cake"], data["shares"]["c"]["cake"] = 1.5, 2.5
        data["utilities"] |= {"a": 1.5, "c": 2.5}

    def first_only(data: dict[str, Any]) -> None:
        uneven(data)
        del data["certificate"]["levels"][1:]

    assert "gap" in forged("egalitarian_bargaining", TWO_LEVELS, uneven)
    assert "gap" in forged("egalitarian_bargaining", TWO_LEVELS, first_only)


def test_a_negative_multiplier_proves_nothing_about_a_sum():
    """Where somebody may lose, a gain that is weighed more may be negative: only the sum's own weights count."""
    problem = {
        "resources": {"pie": 1},
        "parties": {
            "a": {"terms": [{"resource": "pie", "kind": "linear", "coefficient": 3}]},
            "b": {"terms": [{"resource": "pie", "kind": "linear", "coefficient": 1}], "disagreement": 0.5},
        },
    }

    def other(data: dict[str, Any]) -> None:
        data["shares"] = {"a": {"pie": 0.5}, "b": {"pie": 0.5}}
        data["utilities"] = {"a": 1.5, "b": 0.5}
        data["certificate"]["levels"][0]["multipliers"] = {"a": 0.5, "b": 1.5}
        data["certificate"]["levels"][0]["prices"] = {"pie": 1.5}

    assert "gap" in forged("utilitarian_bargaining", problem, other, individually_rational=False)
