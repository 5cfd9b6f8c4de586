"""Matching rules against brute force, known examples, and problems that cannot be matched."""

from __future__ import annotations

from itertools import permutations, product
from random import Random

import pytest

from mechanisms import ProblemError, explain, get, read_problem, run
from mechanisms.check import verify
from mechanisms.check.generating import generate
from mechanisms.check.matchings import stable
from mechanisms.matching import matched


def pairing(mechanism: str, proposers: dict, receivers: dict, capacities: dict | None = None, **params):
    data = {"mechanism": mechanism, "proposers": proposers, "receivers": receivers, "params": params}
    return read_problem({**data, "capacities": capacities or {}})


def every_matching(problem):
    choices = [[None, *problem.proposers[name]] for name in problem.proposers]
    for chosen in product(*choices):
        yield {name: got for name, got in zip(problem.proposers, chosen, strict=True) if got is not None}


def legal(problem, held) -> bool:
    takes = all(problem.receivers[r] is None or p in problem.receivers[r] for p, r in held.items())
    return takes and all(list(held.values()).count(r) <= problem.capacity(r) for r in problem.receivers)


def test_deferred_acceptance_is_the_best_stable_matching_for_every_proposer():
    rng, spec = Random("stable"), get("deferred_acceptance")
    for _ in range(60):
        problem = generate(spec, rng, {})
        outcome = run(spec.slug, problem)
        found = [held for held in every_matching(problem) if legal(problem, held)]
        found = [held for held in found if not any(stable(problem, matched(problem, held)))]
        assert {name: got for name, got in outcome.matching.items() if got} in found
        for name, wishes in problem.proposers.items():
            best = min(wishes.index(held[name]) if name in held else len(wishes) for held in found)
            mine = outcome.matching[name]
            assert (wishes.index(mine) if mine else len(wishes)) == best


def test_serial_dictatorship_is_pareto_optimal_by_brute_force():
    rng, spec = Random("serial"), get("serial_dictatorship")
    for _ in range(60):
        problem = generate(spec, rng, {})
        outcome = run(spec.slug, problem)

        def places(held, problem=problem):
            return [w.index(held[n]) if held.get(n) else len(w) for n, w in problem.proposers.items()]

        mine = places(outcome.matching)
        for held in every_matching(problem):
            if legal(problem, held):
                theirs = places(held)
                assert theirs == mine or any(a > b for a, b in zip(theirs, mine, strict=True))


def test_gale_and_shapley_s_three_by_three():
    """Their example: the proposers' best, in which each gets its first choice, against the receivers' best."""
    men = {"a": ["A", "B", "C"], "b": ["B", "C", "A"], "c": ["C", "A", "B"]}
    women = {"A": ["b", "c", "a"], "B": ["c", "a", "b"], "C": ["a", "b", "c"]}
    assert run("deferred_acceptance", pairing("deferred_acceptance", men, women)).matching == {
        "a": "A",
        "b": "B",
        "c": "C",
    }
    assert run("deferred_acceptance", pairing("deferred_acceptance", women, men)).matching == {
        "A": "b",
        "B": "c",
        "C": "a",
    }


def test_shapley_and_scarf_s_houses_are_traded():
    """Owners rank first in their own houses: the ring a -> c -> b -> a trades, d keeps its own."""
    owners = {"a": ["hc", "ha"], "b": ["ha", "hb"], "c": ["hb", "hc"], "d": ["ha", "hd"]}
    houses = {f"h{name}": [name, *[other for other in owners if other != name]] for name in owners}
    outcome = run("top_trading_cycles", pairing("top_trading_cycles", owners, houses))
    assert outcome.matching == {"a": "hc", "b": "ha", "c": "hb", "d": "hd"}


def test_top_trading_cycles_whatever_the_order_of_rings():
    """Against a plain reading of the definition: all rings at once, round by round."""
    rng, spec = Random("rings"), get("top_trading_cycles")
    for _ in range(150):
        problem = generate(spec, rng, {})
        assert {n: r for n, r in run(spec.slug, problem).matching.items() if r} == rounds(problem)


def rounds(problem) -> dict[str, str]:
    ranks, seats = problem.ranks(), {name: problem.capacity(name) for name in problem.receivers}
    left, held = set(problem.proposers), {}
    while left:
        wants = {n: next((r for r in problem.proposers[n] if seats[r] and n in ranks[r]), None) for n in left}
        left = {name for name in left if wants[name]}
        likes = {r: min((n for n in left if n in ranks[r]), key=ranks[r].get, default=None) for r in seats}
        for start in sorted(left):
            path = [start]
            while likes[wants[path[-1]]] not in path:
                path.append(likes[wants[path[-1]]])
            if likes[wants[path[-1]]] == start:
                for name in path:
                    held[name] = wants[name]
                    seats[wants[name]] -= 1
                left -= set(path)
                break
    return held


def test_capacities_and_nobody():
    wishes = {name: ["x"] for name in "abc"}
    outcome = run("deferred_acceptance", pairing("deferred_acceptance", wishes, {"x": ["c", "b", "a"]}, {"x": 2}))
    assert outcome.matching == {"a": None, "b": "x", "c": "x"}
    empty = pairing("serial_dictatorship", {"a": []}, {"x": None})
    outcome = run("serial_dictatorship", empty)
    assert (outcome.status, outcome.matching) == ("no_trade", {"a": None})
    assert verify(empty, outcome) == []
    assert explain(empty, outcome, "x").startswith("You are not matched.")


def test_the_seed_draws_every_order():
    orders = set()
    for seed in range(60):
        problem = pairing("serial_dictatorship", {n: ["x", "y", "z"] for n in "abc"}, dict.fromkeys("xyz"))
        orders.add(tuple(run("serial_dictatorship", problem, {}, f"{seed:02x}").matching.values()))
    assert orders == set(permutations("xyz"))


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"proposers": {"a": ["z"]}}, "unknown_agent", "/proposers/a/0"),
        ({"proposers": {"a": ["x", "x"]}}, "duplicate_id", "/proposers/a/1"),
        ({"proposers": {}}, "number_of_agents", "/proposers"),
        ({"proposers": {"a": "x"}}, "not_a_list", "/proposers/a"),
        ({"receivers": {"x": ["q"]}}, "unknown_agent", "/receivers/x/0"),
        ({"receivers": {"x": [], "a": []}}, "duplicate_id", "/receivers/a"),
        ({"capacities": {"x": -1}}, "out_of_range", "/capacities/x"),
        ({"capacities": {"y": 1}}, "unknown_field", "/capacities/y"),
        ({"params": {"order": ["z"]}}, "unknown_agent", "/params/order/0"),
        ({"bids": []}, "unknown_field", "/bids"),
    ],
)
def test_what_cannot_be_matched(change, code, pointer):
    data = {"mechanism": "serial_dictatorship", "proposers": {"a": ["x"]}, "receivers": {"x": ["a"]}, **change}
    with pytest.raises(ProblemError) as caught:
        run("serial_dictatorship", data)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
