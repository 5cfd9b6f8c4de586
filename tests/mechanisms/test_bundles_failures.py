"""A solver that fails, at the main solve or at any marginal one, never yields a payment; nor does a limit on work."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from random import Random

import highspy
import numpy as np
import pytest
from bundle_oracle import exchange, small

from mechanisms import Problem, ProblemError, awarding, run
from mechanisms.bundles import Sale
from mechanisms.check import verify
from mechanisms.solve import highs, winners
from mechanisms.solve.errors import SolverFailedError
from mechanisms.solve.highs import best_integral, quiet_solver
from mechanisms.solve.packing import make_packing

SALE = {
    "mechanism": "vcg",
    "currency": "USD",
    "exponent": 2,
    "lots": [{"id": lot, "seller": "s"} for lot in "ABC"],
    "bids": [
        {"agent": f"{one}{two}", "atoms": [{"bundle": {one: 1, two: 1}, "value": value}]}
        for one, two, value in (("A", "B", 100), ("B", "C", 101), ("A", "C", 102))
    ]
    + [{"agent": lot, "atoms": [{"bundle": {lot: 1}, "value": 49}]} for lot in "ABC"],
}


class Broken:
    """A HiGHS that works until its n-th run, then fails in one way."""

    runs = 0
    at = 0
    way = ""

    def __init__(self, real) -> None:
        self._real = real

    def __getattr__(self, name):
        return getattr(self._real, name)

    def run(self):
        Broken.runs += 1
        self.failing = Broken.runs >= Broken.at
        if self.failing and self.way == "dies":
            raise RuntimeError("segmentation fault")
        return self._real.run()

    def getModelStatus(self):
        if self.failing and self.way == "unknown status":
            return highspy.HighsModelStatus.kUnknown
        return self._real.getModelStatus()

    def getSolution(self):
        found = self._real.getSolution()
        if not self.failing or self.way in ("dies", "unknown status"):
            return found

        class Solution:
            col_value = changed(found.col_value, self.way)
            row_dual = changed(found.row_dual, self.way)

        return Solution


def changed(values, way):
    values = np.array(values, float)
    return {
        "not a number": np.full(len(values), np.nan),
        "another size": values[:-1],
        "garbage": np.array([(-1) ** i * 1e6 for i in range(len(values))]),
        "fractional": values * 0.5 + 0.25,
    }[way]


def broken(monkeypatch, way, at):
    real = highs.quiet_solver
    Broken.runs, Broken.at, Broken.way = 0, at, way
    monkeypatch.setattr(highs, "quiet_solver", lambda **options: Broken(real(**options)))


def first_runs(monkeypatch) -> list[int]:
    """The run of HiGHS with which the main solve begins, then that of each marginal one."""
    started = []
    with monkeypatch.context() as patch:
        broken(patch, "none", 10**9)
        for name in ("best", "best_without"):
            patch.setattr(Sale, name, noting(getattr(Sale, name), started))
        outcome = run("vcg", SALE)
    assert len(started) == 1 + len(outcome.awards) == 3
    return started


def noting(solve, started: list[int]):
    def noted(*arguments):
        started.append(Broken.runs + 1)
        return solve(*arguments)

    return noted


SOLVES = ["main", "first marginal", "second marginal"]


@pytest.mark.parametrize("own_nodes", [1000, 0], ids=["own search", "HiGHS' search"])
@pytest.mark.parametrize("way", ["dies", "unknown status", "not a number", "another size", "garbage", "fractional"])
@pytest.mark.parametrize("solve", SOLVES)
def test_no_failure_at_any_solve_yields_a_wrong_payment(monkeypatch, way, own_nodes, solve):
    true = run("vcg", SALE)
    monkeypatch.setattr(winners, "OWN_NODES", own_nodes)
    broken(monkeypatch, way, first_runs(monkeypatch)[SOLVES.index(solve)])
    try:
        outcome = run("vcg", SALE)
    except (SolverFailedError, RuntimeError):
        return
    # Garbage multipliers only weaken bounds that are recomputed in integers: then the truth still comes out.
    assert way in ("garbage", "fractional")
    assert own_nodes
    assert outcome.payments == true.payments
    assert verify(Problem.from_json(SALE), outcome) == []


def test_highs_own_search_gives_the_same_outcomes(monkeypatch):
    for seed in range(40):
        given = small(Random(f"solver {seed}"))
        true = run("vcg", given)
        with monkeypatch.context() as patch:
            patch.setattr(winners, "OWN_NODES", 0)
            outcome = run("vcg", given)
        assert (outcome.awards, outcome.payments) == (true.awards, true.payments), given
        assert outcome.certificate["grade"] == "solver" or not outcome.certificate["without"]
        assert verify(Problem.from_json(given), outcome) == []


HANG = """
import time, sys
from mechanisms.solve import highs
import mechanisms
real, runs, at = highs.run_to_status, 0, int(sys.argv[1])
def run_to_status(solver):
    global runs
    runs += 1
    if runs == at:
        print("hanging", flush=True)
        time.sleep(600)
    return real(solver)
highs.run_to_status = run_to_status
print(mechanisms.run("vcg", sys.stdin.read()).to_json().decode())
"""


@pytest.mark.parametrize("solve", SOLVES)
def test_a_hang_is_ended_by_the_parent_as_a_failure(monkeypatch, solve):
    at = first_runs(monkeypatch)[SOLVES.index(solve)]
    child = subprocess.Popen(
        [sys.executable, "-c", HANG, str(at)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    child.stdin.write(json.dumps(SALE))
    child.stdin.close()
    assert child.stdout.readline() == "hanging\n"
    time.sleep(0.2)
    assert child.poll() is None
    child.kill()
    assert child.wait() != 0
    assert child.stdout.read() == ""
    child.stdout.close()


def hard(seed: int, agents: int = 40) -> dict:
    rng = Random(f"hard {seed}")
    lots = [f"L{i:02}" for i in range(18)]
    bids = []
    for i in range(agents):
        own = {tuple(sorted(rng.sample(lots, rng.randint(3, 5)))) for _ in range(3)}
        atoms = [{"bundle": dict.fromkeys(b, 1), "value": sum(rng.randint(80, 120) for _ in b)} for b in sorted(own)]
        bids.append({"agent": f"a{i:02}", "atoms": atoms})
    head = {"mechanism": "vcg", "currency": "USD", "exponent": 2}
    return {**head, "lots": [{"id": lot, "seller": "s"} for lot in lots], "bids": bids}


@pytest.mark.parametrize("mechanism", ["vcg", "core_selecting", "pay_as_bid", "walrasian"])
def test_past_the_node_limit_it_is_unproven_with_bounds(mechanism):
    outcome = run(mechanism, hard(1), {"node_limit": 3})
    assert (outcome.status, outcome.awards, outcome.charges, outcome.revenue) == ("unproven", (), (), 0)
    assert set(outcome.payments.values()) == {0}
    bounds = outcome.certificate["bounds"]
    best = run("pay_as_bid", hard(1)).welfare
    assert bounds["low"] <= best <= bounds["high"]
    assert bounds["high"] < 2**40
    assert verify(Problem.from_json({**hard(1), "params": {"node_limit": 3}, "mechanism": mechanism}), outcome) == []


LOT = {"seller": "s"}
TOO_LARGE = [
    (1001, 1, 1, "too_many_lots", "/lots", "sell fewer lots at once"),
    (2, 2001, 1, "too_many_bids", "/bids", "let in fewer bidders"),
    (41, 100, 41, "too_many_atoms", "/bids", "let each bidder state fewer atoms"),
]


@pytest.mark.parametrize("mechanism", ["vcg", "core_selecting", "vcg_exchange", "walrasian", "pay_as_bid"])
@pytest.mark.parametrize(("lots", "bids", "atoms", "code", "pointer", "advice"), TOO_LARGE, ids=lambda part: str(part))
def test_what_is_too_large_is_refused_before_anything_is_solved(
    monkeypatch, mechanism, lots, bids, atoms, code, pointer, advice
):
    monkeypatch.setattr(highs, "quiet_solver", None)
    sold = [{"id": f"L{n}"} | ({} if mechanism == "vcg_exchange" else LOT) for n in range(lots)]
    own = [{"bundle": {f"L{n % lots}": 1, f"L{(n + 1) % lots}": 1}, "value": n} for n in range(atoms)]
    given = [{"agent": f"a{n}", "atoms": own} for n in range(bids)]
    with pytest.raises(ProblemError, match=advice) as refused:
        run(mechanism, SALE | {"mechanism": mechanism, "lots": sold, "bids": given})
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


NEAR = 100_000


def near_tie(seed: int) -> tuple[list, list]:
    """Values so large and so close that a relative gap of 1e-4 hides the difference."""
    rng = Random(f"near {seed}")
    atoms = []
    for agent in range(150):
        bundle = dict.fromkeys(rng.sample(range(30), rng.randint(3, 5)), 1)
        atoms.append((agent, NEAR * len(bundle) + rng.randint(0, 60), bundle))
    return atoms, [1] * 30


def wrong_by_default(seed: int) -> bool:
    """Whether HiGHS at its default gap is below the optimum, which is proven here, and found by it at our gap."""
    packing = make_packing(*near_tie(seed))
    solver = winners.Winners(packing, 100_000)
    ours = solver.best(solver.every())
    careless = quiet_solver()
    careless.passModel(highs._model(packing, [], integral=True))
    careless.run()
    found = packing.worth(np.flatnonzero(np.array(careless.getSolution().col_value) > 0.5).tolist())
    assert found <= ours.value
    free = np.ones(packing.columns, bool)
    if found < ours.value:
        assert packing.worth(best_integral(packing, [], free, ~free, 10**6)) == ours.value
    return found < ours.value


def test_the_default_gap_is_wrong_on_near_ties_and_ours_is_not():
    assert any(wrong_by_default(seed) for seed in (3, 4))


@pytest.mark.prove
def test_the_default_gap_is_wrong_on_many_near_ties():
    assert sum(wrong_by_default(seed) for seed in range(40)) >= 5


def test_the_order_of_bids_and_a_fresh_process_change_no_byte():
    given = hard(2, agents=14)
    here = run("core_selecting", given).to_json()
    shuffled = {**given, "bids": given["bids"][::-1], "lots": given["lots"][::-1]}
    assert run("core_selecting", shuffled).to_json() == here
    code = (
        "import sys, mechanisms; sys.stdout.buffer.write(mechanisms.run('core_selecting', sys.stdin.read()).to_json())"
    )
    fresh = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(given).encode(), capture_output=True, check=True
    )
    assert fresh.stdout == here


def test_forged_certificates_are_caught():
    outcome = run("vcg", SALE)
    for change in (
        lambda told: told["proof"]["nodes"].pop(),
        lambda told: told["proof"].update(nodes=[[[], -1, 1]]),
        lambda told: told["proof"].update(shift="x"),
        lambda told: told["proof"]["cliques"].append([0, 99]),
        lambda told: told.pop("without"),
        lambda told: next(iter(told["without"].values())).update(welfare=0),
        lambda told: next(iter(told["without"].values())).update(columns=[-1]),
    ):
        data = json.loads(outcome.to_json())
        change(data["certificate"])
        assert verify(Problem.from_json(SALE), type(outcome).from_json(data)) != []


def test_proofs_that_are_too_long_to_carry_are_left_out_and_said_to_be(monkeypatch):
    monkeypatch.setattr(awarding, "MOST_MULTIPLIERS", 1)
    outcome = run("vcg", SALE)
    assert (outcome.certificate["grade"], outcome.certificate["proofs_left_out"] > 1) == ("solver", True)
    assert "proof" not in json.dumps(outcome.certificate["without"])
    assert verify(Problem.from_json(SALE), outcome) == []
    monkeypatch.undo()
    whole = run("vcg", SALE)
    assert (whole.certificate["grade"], whole.digest) == ("exact", outcome.digest)


def test_a_forged_cut_or_share_of_an_exchange_is_caught():
    given = next(drawn for drawn in map(exchange, map(Random, range(99))) if run("vcg_exchange", drawn).revenue < -2)
    given["params"] = {"pricing": "threshold"}
    problem, outcome = Problem.from_json(given), run("vcg_exchange", given)
    assert verify(problem, outcome) == []
    assert outcome.certificate["threshold"] != "0"
    for cut in ("0", "-1", "1/0", "x", None, "1000000000"):
        data = json.loads(outcome.to_json())
        data["certificate"]["threshold"] = cut
        found = verify(problem, type(outcome).from_json(data))
        assert {finding.code for finding in found} == {"wrong_payment"}, cut
