"""Bargains that cannot be read, money that a bargain moves, and outcomes that were tampered with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mechanisms import ProblemError, explain, read_outcome, read_problem, run
from mechanisms.check import verify


def domain(**change: Any) -> dict[str, Any]:
    values = {"price": {"10": 1, "20": 0}, "colour": {"red": 0.25, "blue": 1}}
    other = {"price": {"10": 0, "20": 1}, "colour": {"red": 1, "blue": 0.5}}
    parties = {
        "ann": {"weights": {"price": 0.5, "colour": 0.5}, "values": values},
        "bob": {"weights": {"price": 0.6, "colour": 0.4}, "values": other, "reservation": 0.1},
    }
    data = {
        "mechanism": "nash_bargaining",
        "issues": {"price": [10, 20], "colour": ["red", "blue"]},
        "parties": parties,
    }
    return {**data, "transfers": [{"issue": "price", "payer": "ann", "payee": "bob"}], **change}


def listed(*utilities: Any, **change: Any) -> dict[str, Any]:
    agreements = [{"id": f"a{index}", "utilities": own} for index, own in enumerate(utilities)]
    return {"mechanism": "nash_bargaining", "agreements": agreements, "disagreement": {"a": 0, "b": 0}, **change}


REFUSED = [
    (listed({"a": 1}), "missing_field", "/agreements/0/utilities/b"),
    (listed({"a": 1, "b": 2, "c": 3}), "unknown_field", "/agreements/0/utilities/c"),
    (listed({"a": float("nan"), "b": 1}), "not_finite", "/agreements/0/utilities/a"),
    (listed({"a": "1", "b": 1}), "not_a_number", "/agreements/0/utilities/a"),
    (listed({"a": True, "b": 1}), "not_a_number", "/agreements/0/utilities/a"),
    (listed({"a": 1e300, "b": 1}), "out_of_range", "/agreements/0/utilities/a"),
    (listed(), "empty", "/agreements"),
    (listed({"a": 1, "b": 1}, disagreement={"a": 0}), "number_of_parties", "/disagreement"),
    (listed({"a": 1, "b": 1}, parties={}), "unknown_field", "/parties"),
    (listed({"a": 1, "b": 1}, issues={}), "one_form", ""),
    (listed({"a": 1, "b": 1}, params={"weights": {"c": 2}}), "unknown_party", "/params/weights"),
    (listed({"a": 1, "b": 1}, params={"weights": {"a": "1.00001"}}), "weights_too_fine", "/params/weights"),
    (listed({"a": 1, "b": 1}, params={"weights": {"a": 0}}), "invalid_params", "/params/weights"),
    ({"mechanism": "nash_bargaining"}, "one_form", ""),
    (domain(issues={}), "empty", "/issues"),
    (domain(issues={"price": [], "colour": ["red"]}), "empty", "/issues/price"),
    (domain(issues={"price": [10, "10"], "colour": ["red"]}), "duplicate_value", "/issues/price"),
    (domain(issues={"price": [0.5], "colour": ["red"]}), "invalid_value", "/issues/price/0"),
    (domain(issues={f"i{n}": [1, 2, 3, 4, 5] for n in range(11)}), "too_many_outcomes", "/issues"),
    (domain(parties={}), "empty", "/parties"),
    (domain(parties={"ann": {}, "bob": {}}), "missing_field", "/parties/ann/weights"),
    (domain(transfers=[{"issue": "size", "payer": "ann", "payee": "bob"}]), "unknown_issue", "/transfers/0/issue"),
    (domain(transfers=[{"issue": "price", "payer": "eve", "payee": "bob"}]), "unknown_party", "/transfers/0/payer"),
    (domain(transfers=[{"issue": "price", "payer": "bob", "payee": "bob"}]), "pays_itself", "/transfers/0"),
    (domain(transfers=[{"issue": "colour", "payer": "ann", "payee": "bob"}]), "not_money", "/transfers/0/issue"),
    (domain(transfers=[{"payer": "ann", "payee": "bob"}]), "missing_field", "/transfers/0/issue"),
    (domain(params={"convexify": True}), "money_in_lottery", "/params/convexify"),
]


@pytest.mark.parametrize(("problem", "code", "pointer"), REFUSED)
def test_what_is_no_bargain(problem, code, pointer):
    with pytest.raises(ProblemError) as caught:
        run("nash_bargaining", problem)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_a_disagreement_point_that_nothing_beats_is_a_status():
    for own in ({"a": -1, "b": 5}, {"a": 0, "b": 5}, {"a": 0, "b": 0}):
        problem = read_problem(listed(own))
        outcome = run("nash_bargaining", problem)
        assert (outcome.status, outcome.utilities, outcome.agreement) == ("disagreement", {"a": 0, "b": 0}, None)
        assert verify(problem, outcome) == []
        assert "No agreement" in explain(problem, outcome, "a")


def test_a_bargain_that_moves_money():
    problem = read_problem(domain(currency="USD", exponent=2))
    outcome = run("nash_bargaining", problem)
    assert outcome.agreement == {"price": 20, "colour": "blue"}
    assert outcome.payments == {"ann": 20, "bob": -20}
    assert [(charge.payer, charge.payee, charge.amount) for charge in outcome.charges] == [("ann", "bob", 20)]
    assert "You pay 0.20 USD." in explain(problem, outcome, "ann")
    assert verify(problem, outcome) == []
    without = read_problem(domain(transfers=[]))
    assert run("nash_bargaining", without).payments == {}


def test_charges_of_listed_agreements_are_netted():
    charges = [{"payer": "a", "payee": "b", "amount": 30}, {"payer": "b", "payee": "a", "amount": 10}]
    problem = listed({"a": 1, "b": 1})
    problem["agreements"][0]["charges"] = charges
    outcome = run("egalitarian_bargaining", problem)
    assert [(charge.payer, charge.payee, charge.amount) for charge in outcome.charges] == [("a", "b", 20)]
    assert outcome.payments == {"a": 20, "b": -20}


def test_decimals_are_exact_where_doubles_are_not():
    """0.1 x 0.7 is 0.07; the product of their doubles is not. Both maximise, and the seed decides."""
    points = ({"a": 0.1, "b": 0.7}, {"a": 0.07, "b": 1})
    assert 0.1 * 0.7 != 0.07
    chosen = {run("nash_bargaining", listed(*points), None, f"{seed:02x}").agreement for seed in range(20)}
    assert chosen == {"a0", "a1"}
    assert run("nash_bargaining", listed(*points)).certificate["maximisers"] == 2
    longer = listed({"a": 1, "b": 1}, {"a": 1, "b": 1})
    text = json.dumps(longer).replace('"a": 1, "b": 1', '"a": 1.000000000000000000000001, "b": 1', 1)
    assert run("nash_bargaining", read_problem(text)).agreement == "a0"


def test_a_tampered_bargain_is_caught():
    problem = read_problem(listed({"a": 3, "b": 3}, {"a": 5, "b": 1}, {"a": 2, "b": 2}))
    data = json.loads(run("nash_bargaining", problem).to_json())
    codes = {
        "a1": {"not_best", "wrong_digest"},
        "a2": {"not_best", "dominated", "wrong_digest"},
    }
    for name in codes:
        utilities = next(found.utilities for found in problem.agreements if found.id == name)
        forged = read_outcome({**data, "agreement": name, "utilities": utilities})
        assert {finding.code for finding in verify(problem, forged)} == codes[name]
