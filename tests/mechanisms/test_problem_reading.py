"""What a problem file may say, and what each fault is called."""

from __future__ import annotations

import json

import pytest
from making import atom, problem, steps

from mechanisms import Problem, ProblemError, get, run
from mechanisms.bundles import Sale
from mechanisms.types import Lot, read_bid

GOOD = {
    "mechanism": "second_price",
    "currency": "USD",
    "exponent": 2,
    "lots": [{"id": "X"}],
    "bids": [{"agent": "a", "atoms": [{"bundle": {"X": 1}, "value": 5}]}],
}


def changed(path: str, value: object) -> dict:
    data = json.loads(json.dumps(GOOD))
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")[1:]]
    place = data
    for part in way:
        place = place[part]
    place[last] = value
    return data


STEP = {"lot": "X", "quantity": 1, "price": 5}

FAULTS = [
    ("/bids/0/atoms/0/value", 5.0, "not_an_integer", None),
    ("/bids/0/atoms/0/value", "5", "not_an_integer", None),
    ("/bids/0/atoms/0/value", True, "not_an_integer", None),
    ("/bids/0/atoms/0/value", 10**12 + 1, "out_of_range", None),
    ("/bids/0/atoms/0/value", -5, "value_sign", None),
    ("/bids/0/atoms/0/bundle", {}, "empty_bundle", None),
    ("/bids/0/atoms/0/bundle", {"X": 0}, "zero_quantity", "/bids/0/atoms/0/bundle/X"),
    ("/bids/0/atoms/0/bundle", {"Y/~": 1}, "unknown_lot", "/bids/0/atoms/0/bundle/Y~1~0"),
    ("/bids/0/atoms/0/bundle", {"X": 2}, "atoms_not_a_curve", "/bids/0/atoms/0"),
    ("/bids/0/atoms/0/bundle", {"X": -1}, "value_sign", "/bids/0/atoms/0/value"),
    ("/bids/0/steps", [STEP], "both_atoms_and_steps", None),
    ("/bids/0/atoms", None, "neither_atoms_nor_steps", "/bids/0"),
    ("/bids/0/budget", -1, "out_of_range", None),
    ("/bids/0/colour", "red", "unknown_field", None),
    ("/bids/0/agent", "", "invalid_id", None),
    ("/bids/0/agent", "@market", "reserved_id", None),
    ("/bids/0/agent", "\ud800", "invalid_id", None),
    ("/bids/0", {"agent": "a", "steps": [STEP, STEP | {"price": 6}]}, "rising_steps", "/bids/0/steps/1/price"),
    ("/bids/0", {"agent": "a", "steps": [STEP | {"quantity": -1}]}, "wrong_side", "/bids/0/steps/0/quantity"),
    ("/bids/0", {"agent": "a", "steps": [STEP | {"price": -1}]}, "out_of_range", "/bids/0/steps/0/price"),
    ("/bids/0", {"agent": "a", "steps": [STEP | {"lot": ["X"]}]}, "unknown_lot", "/bids/0/steps/0/lot"),
    ("/bids", [GOOD["bids"][0], GOOD["bids"][0]], "duplicate_agent", "/bids/1/agent"),
    ("/bids", {}, "not_a_list", None),
    ("/lots", [], "no_lots", None),
    ("/lots", [{"id": "X"}, {"id": "X"}], "duplicate_lot", "/lots/1/id"),
    ("/lots", [{"id": "X"}, {"id": "Y"}], "too_many_lots", "/lots"),
    ("/lots/0/attributes", {"a": float("nan")}, "not_finite", "/lots/0/attributes/a"),
    ("/lots/0/attributes", {"a": ["\ud800"]}, "invalid_text", "/lots/0/attributes/a/0"),
    ("/lots/0/attributes", {"\udfff": 1}, "invalid_text", "/lots/0/attributes"),
    ("/lots/0/attributes", [], "not_an_object", None),
    ("/lots/0/supply", 0, "supply_zero", None),
    ("/lots/0/supply", 2, "supply_not_one", None),
    ("/lots/0/reserve", -1, "out_of_range", None),
    ("/seed", "0G", "invalid_seed", None),
    ("/seed", "00" * 33, "invalid_seed", None),
    ("/currency", "usd", "invalid_currency", None),
    ("/exponent", 13, "out_of_range", None),
    ("/mechanism", "third_price", "unknown_mechanism", None),
    ("/params", {"k": 1}, "unknown_field", "/params/k"),
    ("/params", {"direction": "up"}, "invalid_params", "/params/direction"),
    ("/params", {"direction": "buy"}, "reserve_required", "/lots/0/reserve"),
]


def run_as_written(data: dict) -> None:
    problem = Problem.from_json(data)
    run(problem.mechanism, problem)


@pytest.mark.parametrize(("path", "value", "code", "pointer"), FAULTS)
def test_each_fault_has_a_code_and_a_pointer(path, value, code, pointer):
    with pytest.raises(ProblemError) as caught:
        run_as_written(changed(path, value))
    assert (caught.value.code, caught.value.pointer) == (code, path if pointer is None else pointer)
    assert caught.value.detail


TEXT = json.dumps(GOOD)
BAD_TEXT = [
    (TEXT.replace('"value": 5', '"value": 5, "value": 6'), "duplicate_key", "/bids/0/atoms/0/value"),
    (TEXT.replace('"value": 5', '"value": NaN'), "not_finite", "/bids/0/atoms/0/value"),
    (TEXT.replace('"value": 5', '"value": -Infinity'), "not_finite", "/bids/0/atoms/0/value"),
    (TEXT.replace('"value": 5', '"value": 1e400'), "not_an_integer", "/bids/0/atoms/0/value"),
    (TEXT.replace('"value": 5', '"value": 5.0'), "not_an_integer", "/bids/0/atoms/0/value"),
    (TEXT.replace('"value": 5', '"value": ' + "9" * 5000), "invalid_json", ""),
    (TEXT.replace('"value": 5', '"value": 1e99999999999999999999'), "invalid_json", ""),
    (TEXT[:-1], "invalid_json", ""),
    ("[" * 100_000, "too_deep", ""),
    ("[]", "not_an_object", ""),
    (b"\xff\xfe", "invalid_json", ""),
    (TEXT.replace('"lots"', '"params": {"a": ' + "[" * 40 + "]" * 40 + '}, "lots"'), "too_deep", None),
]


@pytest.mark.parametrize(("text", "code", "pointer"), BAD_TEXT)
def test_json_that_other_parsers_forgive_is_refused(text, code, pointer):
    with pytest.raises(ProblemError) as caught:
        Problem.from_json(text)
    assert caught.value.code == code
    assert pointer is None or caught.value.pointer == pointer


def test_a_problem_survives_the_way_through_json():
    bids = [steps("b", (3, 5), (2, 4), budget=9), atom("a", 7)]
    given = problem("double_auction", bids, params={"k": "0.25"}, seed="ff00")
    again = Problem.from_json(given.to_json())
    assert again.to_json() == given.to_json()
    assert run("double_auction", again) == run("double_auction", given)


@pytest.mark.parametrize("k", [2, -0.1, "1e-400", "NaN", "Infinity", "half", None, True, [], "0.1234567890123456789"])
def test_k_is_a_decimal_between_0_and_1(k):
    with pytest.raises(ProblemError) as caught:
        run("double_auction", problem("double_auction", [], params={"k": k}))
    assert (caught.value.code, caught.value.pointer) in {("invalid_params", "/params/k"), ("not_finite", "/params/k")}


def test_equal_params_have_one_digest():
    digests = set()
    for k in ("0.5", 0.5, "0.50", "5e-1"):
        digests.add(run("double_auction", problem("double_auction", [], params={"k": k})).digest)
    assert digests == {run("double_auction", problem("double_auction", [])).digest}


def test_bids_alone_are_read_with_pointers_of_their_own():
    lots = {"X": Lot("X")}
    with pytest.raises(ProblemError) as caught:
        read_bid({"agent": "a", "steps": [{"lot": "X", "quantity": 1, "price": 1.5}]}, lots)
    assert caught.value.pointer == "/steps/0/price"
    bid = read_bid({"agent": "a", "steps": [{"lot": "X", "quantity": -1, "price": 1}]}, lots)
    with pytest.raises(ProblemError, match="wrong_side"):
        get("first_price").check_bid(bid, lots, {})
    get("first_price").check_bid(bid, lots, {"direction": "buy"})


def test_nobody_stands_on_both_sides():
    with pytest.raises(ProblemError) as caught:
        run("double_auction", problem("double_auction", [steps("a", (1, 5), (-1, 7))]))
    assert (caught.value.code, caught.value.pointer) == ("both_sides", "/bids/0/steps/1/quantity")


def test_two_sided_rules_take_no_supply_and_no_reserve():
    for field, code in (("supply", "supply_in_two_sided"), ("reserve", "reserve_in_two_sided")):
        with pytest.raises(ProblemError) as caught:
            run("double_auction", problem("double_auction", [], lots=[{"id": "X", field: 1}]))
        assert (caught.value.code, caught.value.pointer) == (code, f"/lots/0/{field}")


def test_worst_case_is_the_most_that_can_be_charged():
    lots = {"X": Lot("X", supply=9)}

    def worst(**bid: object) -> int:
        return read_bid({"agent": "a", **bid}, lots).worst_case()

    both = [{"lot": "X", "quantity": 3, "price": 5}, {"lot": "X", "quantity": 2, "price": 4}]
    assert worst(steps=both) == 23
    assert worst(steps=both, budget=20) == 20
    assert worst(steps=[{"lot": "X", "quantity": -3, "price": 5}]) == 0
    assert worst(atoms=[{"bundle": {"X": 1}, "value": 7}, {"bundle": {"X": 2}, "value": 9}]) == 9
    assert worst(atoms=[{"bundle": {"X": -1}, "value": -7}]) == 0
    assert read_bid({"agent": "a", "atoms": []}, lots).is_empty()


def test_sums_beyond_the_bound_are_refused():
    with pytest.raises(ProblemError, match="too_large"):
        problem("double_auction", [steps("a", (10**12, 10**12))])


def wide(mechanism: str, lots: int, bids: int, atoms: int) -> dict:
    """A sale of that many lots, bids, and atoms in all: single lots but for the first bid's first atom."""
    names = [f"L{place}" for place in range(max(2, lots))]
    each = [atoms // bids + (place < atoms % bids) for place in range(bids)]
    made = [
        {
            "agent": f"a{place}",
            "atoms": [{"bundle": {names[n % len(names)]: n // len(names) + 1}, "value": 1} for n in range(own)],
        }
        for place, own in enumerate(each)
    ]
    made[0]["atoms"][0]["bundle"] = dict.fromkeys(names[:2], 1)
    lots_made = [{"id": name, "supply": 99} for name in names]
    return {"mechanism": mechanism, "currency": "USD", "exponent": 2, "lots": lots_made, "bids": made}


@pytest.mark.parametrize("slug", ["vcg", "core_selecting", "walrasian", "pay_as_bid"])
@pytest.mark.parametrize("what", ["lots", "bids", "atoms"])
def test_what_is_too_large_is_refused_before_it_is_solved_and_says_what_to_lower(monkeypatch, slug, what):
    monkeypatch.setattr(Sale, "best", None)
    sizes = get(slug).bundle_sizes or get(slug).sizes
    many = {"lots": 3, "bids": 3, "atoms": 3, what: getattr(sizes, what) + 1}
    many["atoms"] = max(many["atoms"], many["bids"])
    with pytest.raises(ProblemError, match=f"at most {getattr(sizes, what)} {what}.*: (sell|let)") as caught:
        run(slug, wide(slug, **many))
    assert caught.value.code == f"too_many_{what}"
