"""Dividing an estate: the Talmud's table, published shares, and what the rules have in common."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanisms import ProblemError, explain, read_problem, run
from mechanisms.check import verify

EXAMPLES = json.loads((Path(__file__).parent / "data" / "worked-examples" / "claims.json").read_text())
RULES = ("talmud", "proportional", "cea", "cel", "random_arrival")


def divided(estate: int, claims: dict[str, int], rule: str, **more):
    problem = read_problem(
        {"mechanism": "claims_division", "estate": estate, "claims": claims, "params": {"rule": rule}, **more}
    )
    outcome = run("claims_division", problem)
    assert verify(problem, outcome) == []
    return outcome


@pytest.mark.known_answers
@pytest.mark.parametrize("example", EXAMPLES, ids=[example["id"] for example in EXAMPLES])
def test_published_shares(example):
    claims = {f"c{index}": claim for index, claim in enumerate(example["claims"])}
    for rule in RULES:
        if rule in example:
            outcome = divided(example["estate"], claims, rule)
            assert [float(share) for share in outcome.shares.values()] == pytest.approx(example[rule])


def test_the_contract_s_thirds():
    outcome = divided(100, {"a": 100, "b": 200, "c": 300}, "talmud")
    assert outcome.fractions == {"a": "100/3", "b": "100/3", "c": "100/3"}
    assert sorted(outcome.payments.values()) == [-34, -33, -33]
    assert {charge.payer for charge in outcome.charges} == {"@market"}


def test_the_garment_and_a_random_arrival():
    assert divided(100, {"one": 100, "other": 50}, "talmud").fractions == {"one": "75", "other": "25"}
    assert divided(100, {"one": 100, "other": 50}, "random_arrival").fractions == {"one": "75", "other": "25"}
    assert divided(200, {"a": 100, "b": 200, "c": 300}, "random_arrival").fractions == {
        "a": "100/3",
        "b": "250/3",
        "c": "250/3",
    }


def test_an_estate_that_is_enough():
    for rule in RULES:
        outcome = divided(1000, {"a": 1, "b": 5, "c": 0}, rule)
        assert outcome.payments == {"a": -1, "b": -5, "c": 0}
        assert outcome.certificate["left_over"] == 994


def test_words():
    problem = read_problem(
        {
            "mechanism": "claims_division",
            "estate": 10,
            "claims": {"a": 10, "b": 10, "c": 10},
            "currency": "USD",
            "exponent": 2,
        }
    )
    assert "Your exact share is 10/3." in explain(problem, run("claims_division", problem), "a")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(0, 260), st.sampled_from(RULES))
def test_more_to_divide_is_worse_for_nobody(amounts, estate, rule):
    claims = {f"c{index}": claim for index, claim in enumerate(amounts)}
    less, more = divided(estate, claims, rule), divided(estate + 1, claims, rule)
    for name in claims:
        assert Fraction(less.fractions[name]) <= Fraction(more.fractions[name])


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"estate": -1}, "out_of_range", "/estate"),
        ({"estate": 1.5}, "not_an_integer", "/estate"),
        ({"claims": {}}, "number_of_claims", "/claims"),
        ({"claims": {"a": -3}}, "out_of_range", "/claims/a"),
        ({"claims": {"@a": 3}}, "reserved_id", "/claims/@a"),
        ({"params": {"rule": "lottery"}}, "invalid_params", "/params/rule"),
        ({"claims": {f"c{i}": 2**i for i in range(40)}, "estate": 10**12}, "too_many_claims", "/claims"),
    ],
)
def test_what_cannot_be_divided(change, code, pointer):
    data = {"mechanism": "claims_division", "estate": 5, "claims": {"a": 3}, "params": {"rule": "random_arrival"}}
    with pytest.raises(ProblemError) as caught:
        run("claims_division", {**data, **change})
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
