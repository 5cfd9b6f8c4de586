"""Columns in, arrays out: the same outcomes as bids give, on small books and on large ones."""

from __future__ import annotations

import json
from random import Random

import numpy as np
import pytest
from making import atom, problem, steps

from mechanisms import Columns, Problem, ProblemError, read_columns, run, run_arrays, specs
from mechanisms.check import verify
from mechanisms.check.generating import generate, random_params
from mechanisms.types import Lot


def as_columns(given: Problem) -> Columns:
    names = [bid.agent for bid in given.bids]
    rows = [(i, s.quantity, s.price) for i, bid in enumerate(given.bids) for s in bid.steps]
    table = np.array(rows, np.int64).reshape(-1, 3)
    return Columns(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy(), given.lots[0], names=names)


def merged(given: Problem) -> Problem:
    """Agents without steps leave no rows."""
    bids = tuple(bid for bid in given.bids if bid.steps)
    return Problem.from_json({**given.to_dict(), "bids": [bid.to_dict() for bid in bids]})


@pytest.mark.parametrize(
    "spec", [spec for spec in specs("auction") if "steps" in spec.languages], ids=lambda spec: spec.slug
)
def test_equal_to_run(spec):
    rng = Random(f"arrays {spec.slug}")
    for _ in range(60):
        given = merged(generate(spec, rng, random_params(spec, rng), ["no_binding_budget"]))
        arrays = run_arrays(spec.slug, as_columns(given), given.params, given.seed)
        outcome = run(spec.slug, given)
        assert arrays.outcome() == outcome
        assert (arrays.status, arrays.price) == (outcome.status, outcome.prices.get("X"))
        assert arrays.payment.sum() == outcome.revenue


def large(n: int, seed: int, spread: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.arange(n), rng.integers(1, 50, n), rng.integers(0, spread, n)


@pytest.mark.parametrize("spread", [3, 1000, 10**9])
def test_large_books_are_narrowed_to_the_same_result(spread, monkeypatch):
    agent, quantity, price = large(40_000, spread, spread)
    side = np.where(np.random.default_rng(1).random(len(agent)) < 0.5, 1, -1)
    cases = [
        ("second_price", quantity, Lot("X", reserve=1)),
        ("uniform_price", quantity, Lot("X", supply=int(quantity.sum() // 3))),
        ("uniform_price", quantity, Lot("X", supply=17)),
        ("uniform_price", quantity, Lot("X", supply=int(quantity.sum()) - 5)),
        ("pay_as_bid", quantity, Lot("X", supply=int(quantity.sum()), reserve=spread // 2)),
        ("double_auction", quantity * side, Lot("X")),
        ("trade_reduction", quantity * side, Lot("X")),
    ]
    near = [run_arrays(slug, Columns(agent, q, price, lot)) for slug, q, lot in cases]
    monkeypatch.setattr("mechanisms.merit.SMALL", 10**9)
    monkeypatch.setattr("mechanisms.crossing.SMALL", 10**9)
    monkeypatch.setattr("mechanisms.topmost.BLOCK", 10**9)
    monkeypatch.setattr("mechanisms.book.BLOCK", 10**9)
    for found, (slug, q, lot) in zip(near, cases, strict=True):
        full = run_arrays(slug, Columns(agent, q, price, lot))
        assert full.price == found.price
        assert (full.filled == found.filled).all()
        assert (full.payment == found.payment).all()


@pytest.mark.parametrize("mechanism", ["uniform_price", "multi_unit_vickrey", "pay_as_bid"])
def test_a_large_outcome_passes_the_checks(mechanism):
    agent, quantity, price = large(4_000, 5, 100)
    arrays = run_arrays(mechanism, {"agent": agent, "quantity": quantity, "price": price, "lot": Lot("X", 50_000)})
    assert verify(arrays.problem(), arrays.outcome()) == []


BAD = [
    ({"price": np.array([1.5])}, "not_a_column", "/price"),
    ({"price": np.array([-1])}, "out_of_range", "/price"),
    ({"price": np.array([10**12 + 1])}, "out_of_range", "/price"),
    ({"quantity": np.array([-1])}, "wrong_side", "/quantity"),
    ({"quantity": np.array([0])}, "wrong_side", "/quantity"),
    ({"quantity": np.array([1, 1])}, "lengths_differ", "/quantity"),
    ({"quantity": np.array([10**12]), "price": np.array([10**12])}, "too_large", ""),
    ({"lot": Lot("X", supply=0)}, "supply_zero", "/lot/supply"),
]


@pytest.mark.parametrize(("change", "code", "pointer"), BAD)
def test_faulty_columns_are_named(change, code, pointer):
    columns = {"agent": np.array([1]), "quantity": np.array([1]), "price": np.array([1])} | change
    with pytest.raises(ProblemError) as caught:
        run_arrays("uniform_price", columns)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


@pytest.mark.parametrize("far", [2, 10**15])
def test_nobody_stands_on_both_sides_of_columns(far):
    columns = {"agent": np.array([1, far, 1]), "quantity": np.array([1, 1, -1]), "price": np.array([1, 1, 1])}
    with pytest.raises(ProblemError, match="both_sides"):
        run_arrays("double_auction", columns)


PLAIN = problem("double_auction", [steps("a:b", (2, 5), (1, 4)), steps("c", (-2, 3))], params={"k": "0.25"}).to_json()


def changed(old: str, new: str) -> bytes:
    assert old in PLAIN.decode()
    return PLAIN.decode().replace(old, new).encode()


FILES = [
    PLAIN,
    json.dumps(json.loads(PLAIN), indent=3).encode(),
    changed('"a:b"', '"a\\u003ab"'),
    problem("double_auction", [atom("a", 5), atom("b", -3)]).to_json(),
    problem("double_auction", []).to_json(),
]


@pytest.mark.parametrize("raw", FILES)
def test_files_become_columns_with_the_same_outcome(raw):
    bulk = read_columns(raw)
    arrays = run_arrays(bulk.mechanism, bulk.columns, bulk.params, bulk.seed)
    given = Problem.from_json(raw)
    assert arrays.price == run(given.mechanism, given).prices.get("X")
    assert list(bulk.columns.names) == [bid.agent for bid in given.bids]


FAULTS = [
    changed('"price":5', '"price":5,"price":6'),
    changed('"agent":"c"', '"agent":"c","agent":"d"'),
    changed('"id":"X"', '"id":"X","id":"X"'),
    changed('"agent":"c","steps"', '"agent":"\\u003a","agent":"c","steps"'),
    changed('"k":"0.25"', '"k":"0.25","k":"0.5"'),
    changed('"price":5', '"price":5.0'),
    changed('"price":5', '"price":5e0'),
    changed('"price":5', '"price":"5"'),
    changed('"price":5', '"price":null'),
    changed('"price":5', '"price":99999999999999999999999'),
    changed('"price":5', '"price":NaN'),
    changed('"price":5', '"price":1e400'),
    changed('"price":5', '"price":3'),
    changed('"agent":"c"', '"agent":"a:b"'),
    changed('"agent":"c"', '"agent":""'),
    changed('"agent":"c"', '"agent":"@c"'),
    changed('"agent":"c"', '"agent":"' + "c" * 129 + '"'),
    changed('"agent":"c"', '"agent":"c\\u0007"'),
    changed('"quantity":-2', '"quantity":0'),
    changed('"lot":"X","quantity":-2', '"lot":"Y","quantity":-2'),
    changed('"seed":"00"', '"seed":"0"'),
    changed('"exponent":2', '"exponent":99'),
    changed('"currency":"USD"', '"currency":"usd"'),
    changed('"currency":"USD"', '"currency":"USD","extra":1'),
    PLAIN[:-2],
    b"\xff" + PLAIN,
]


@pytest.mark.parametrize("raw", FAULTS)
def test_the_fast_reader_refuses_what_the_careful_one_refuses(raw):
    with pytest.raises(ProblemError) as careful:
        run("double_auction", Problem.from_json(raw))
    with pytest.raises(ProblemError) as fast:  # noqa: PT012 - reading or running may refuse
        bulk = read_columns(raw)
        run_arrays(bulk.mechanism, bulk.columns, bulk.params, bulk.seed)
    assert fast.value.code == careful.value.code or fast.value.pointer == "/quantity"


def test_columns_have_no_budgets():
    with pytest.raises(ProblemError, match="budget_not_taken"):
        read_columns(problem("double_auction", [steps("a", (1, 5), budget=3)]).to_json())
