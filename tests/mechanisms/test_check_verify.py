"""The checker: silent about true outcomes, loud about each kind of false one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from random import Random

import pytest
from making import atom, exchange, problem

from mechanisms import Outcome, Problem, ProblemError, get, read_outcome, run, specs
from mechanisms.check import verify
from mechanisms.check.generating import generate, random_params
from mechanisms.cli import main
from mechanisms.digest import digest_of
from mechanisms.engine import prepare


def forged(change):
    market = exchange([(2, 9), (1, 6)], [(1, 2), (2, 5)])
    data = run("double_auction", market).to_dict()
    change(data)
    return {finding.code for finding in verify(market, Outcome.from_json(data))}


FORGERIES = [
    (lambda o: o["payments"].update(b0=0), "charges_differ"),
    (lambda o: o["payments"].update(b0=99), "above_value"),
    (lambda o: o["payments"].pop("b0"), "payments_incomplete"),
    (lambda o: o["payments"].update(s0=-99), "deficit"),
    (lambda o: o.update(revenue=5), "wrong_revenue"),
    (lambda o: o.update(welfare=5), "not_optimal"),
    (lambda o: o.update(welfare=5), "wrong_welfare"),
    (lambda o: o.update(status="no_trade"), "wrong_status"),
    (lambda o: o["awards"].reverse(), "awards_unsorted"),
    (lambda o: o["awards"][0]["bundle"].update(X=5), "more_than_stated"),
    (lambda o: o["awards"][0]["bundle"].update(X=1), "unbalanced_lot"),
    (lambda o: o["awards"][0].update(value=1), "wrong_value"),
    (lambda o: o["awards"].append({"agent": "z", "bundle": {"X": 1}, "value": 0}), "unknown_agent"),
    (lambda o: o["charges"].append({"payer": "b0", "payee": "s0", "amount": 0}), "charge_not_positive"),
    (lambda o: o.update(digest="sha256:00"), "wrong_digest"),
]


@pytest.mark.parametrize(("change", "code"), FORGERIES, ids=[code for _, code in FORGERIES])
def test_a_forged_outcome_is_caught(change, code):
    found = forged(change)
    assert {code, "wrong_digest"} <= found or (code == "charge_not_positive" and code in found)


def places(data, path=()):
    """Every leaf of JSON values, as the way to it."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key)) if isinstance(value, dict | list) and value else [(*path, key)]


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.slug)
def test_no_forgery_goes_unseen_or_breaks_the_checker(spec):
    rng = Random(f"forged {spec.slug}")
    for _ in range(150):
        market = generate(spec, rng, random_params(spec, rng))
        data = json.loads(run(spec.slug, market).to_json())
        data.pop("certificate")
        *way, last = rng.choice([path for path in places(data) if path != ("mechanism",)])
        place = data
        for part in way:
            place = place[part]
        old = place[last]
        place[last] = rng.choice([-1, 0, 1, 7, 10**15, "a0", "X", None])
        if place[last] == old:
            continue
        try:
            forged = read_outcome({**data, "certificate": {}})
        except ProblemError:
            continue
        assert verify(market, forged)


CHEAP = [
    # The winner pays less than a loser offered: that loser and the seller would rather trade.
    ("second_price", {"a": 3}, {"blocked", "envy", "wrong_payment"}, {"X": 3}),
    ("first_price", {"a": 5}, {"blocked", "envy", "wrong_payment"}, {"X": 5}),
    ("pay_as_bid", {"a": 9}, {"wrong_payment"}, {}),
    ("multi_unit_vickrey", {"a": 3}, {"wrong_payment"}, {}),
    ("uniform_price", {"a": 3}, {"blocked", "envy", "wrong_payment"}, {"X": 3}),
]


@pytest.mark.parametrize(("mechanism", "payments", "codes", "prices"), CHEAP)
def test_wrong_prices_are_caught(mechanism, payments, codes, prices):
    market = problem(mechanism, [atom("a", 10), atom("b", 7)])
    data = run(mechanism, market).to_dict()
    amount = payments["a"]
    charges = [{"payer": "a", "payee": "s", "amount": amount}]
    data |= {"payments": {"a": amount, "b": 0}, "charges": charges, "revenue": amount, "prices": prices}
    assert {finding.code for finding in verify(market, Outcome.from_json(data))} == codes | {"wrong_digest"}


def test_a_worse_winner_is_caught():
    market = problem("pay_as_bid", [atom("a", 10), atom("b", 7)])
    data = run("pay_as_bid", market).to_dict()
    data |= {"awards": [{"agent": "b", "bundle": {"X": 1}, "value": 7}], "payments": {"a": 0, "b": 7}}
    data |= {"charges": [{"payer": "b", "payee": "s", "amount": 7}], "revenue": 7, "welfare": 7}
    found = {(finding.claim, finding.code) for finding in verify(market, Outcome.from_json(data))}
    assert {("optimal_for_reports", "not_optimal"), ("pareto", "not_optimal")} <= found


def test_slots_in_the_wrong_order_are_caught():
    lots = [{"id": "X", "supply": 2, "seller": "s"}]
    bids = [{"agent": a, "steps": [{"lot": "X", "quantity": 1, "price": p}]} for a, p in (("a", 9), ("b", 5))]
    market = problem("gsp", bids, lots=lots, params={"clicks": [4, 1]})
    data = run("gsp", market).to_dict()
    data["awards"][0]["position"], data["awards"][1]["position"] = 2, 1
    codes = {finding.code for finding in verify(market, Outcome.from_json(data))}
    assert {"not_optimal"} <= codes
    assert "wrong_value" in codes
    data["awards"][0]["position"] = 1
    assert "wrong_slots" in {finding.code for finding in verify(market, Outcome.from_json(data))}


def test_a_true_outcome_is_silent():
    assert forged(lambda outcome: None) == set()


def test_overselling_and_charging_losers_are_caught():
    market = problem("first_price", [atom("a", 5), atom("b", 4)])
    data = run("first_price", market).to_dict()
    data["awards"].append({"agent": "b", "bundle": {"X": 1}, "value": 4})
    assert "oversold" in {finding.code for finding in verify(market, Outcome.from_json(data))}
    data = run("first_price", market).to_dict()
    data["payments"]["b"] = 1
    assert "loser_pays" in {finding.code for finding in verify(market, Outcome.from_json(data))}


def shell(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": "random"}
    return subprocess.run(
        [sys.executable, "-m", "mechanisms", *arguments], input=stdin, capture_output=True, env=environment
    )


def test_a_fresh_process_gives_the_same_bytes(tmp_path):
    market = exchange([(2, 9), (1, 6)], [(1, 2), (2, 5)], seed="0a")
    (tmp_path / "p.json").write_bytes(market.to_json())
    done = shell("run", str(tmp_path / "p.json"))
    assert (done.returncode, done.stdout.rstrip(b"\n")) == (0, run("double_auction", market).to_json())
    (tmp_path / "o.json").write_bytes(done.stdout)
    assert shell("verify", str(tmp_path / "p.json"), str(tmp_path / "o.json")).returncode == 0
    (tmp_path / "o.json").write_bytes(done.stdout.replace(b'"revenue":0', b'"revenue":1'))
    refused = shell("verify", str(tmp_path / "p.json"), str(tmp_path / "o.json"))
    assert refused.returncode == 2
    assert b"wrong_revenue" in refused.stderr
    assert b"You pay" in shell("explain", "-", "b0", stdin=market.to_json()).stdout


def test_refusals_are_problem_documents_on_standard_error(tmp_path):
    done = shell("run", "-", stdin=b'{"mechanism": NaN}')
    assert (done.returncode, done.stdout) == (2, b"")
    assert b'"code": "not_finite"' in done.stderr
    assert shell("run", str(tmp_path / "missing.json")).returncode == 2


def test_the_list_names_every_rule():
    assert b"double_auction" in shell("list").stdout
    assert b'"properties"' in shell("list", "--json").stdout


def test_a_forgery_that_breaks_no_claim_is_caught_by_running_the_rule_again(tmp_path, capsys):
    """Two equal bids: the seed's tie rule decides, and giving the room to the other one refutes no claim."""
    bids = [{"agent": name, "atoms": [{"bundle": {"room": 1}, "value": 100}]} for name in ("ann", "bob")]
    tied = Problem.from_json(
        {"mechanism": "second_price", "currency": "EUR", "exponent": 2, "lots": [{"id": "room"}], "bids": bids}
    )
    honest = run("second_price", tied, {}, "00").to_json().decode()
    other = json.loads(honest.replace("ann", "?").replace("bob", "ann").replace("?", "bob"))
    spec = get("second_price")
    other["digest"] = digest_of(prepare(spec, tied).to_dict(), spec.version, Outcome.from_json(other).to_dict())
    files = {"problem": tied.to_json(), "honest": honest.encode(), "forged": json.dumps(other).encode()}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert verify(tied, Outcome.from_json(other)) == []
    assert main(["verify", str(tmp_path / "problem"), str(tmp_path / "honest")]) == 0
    assert main(["verify", str(tmp_path / "problem"), str(tmp_path / "forged")]) == 2
    assert "not_reproduced" in capsys.readouterr().err
