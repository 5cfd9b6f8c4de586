"""Every claim of every rule: it holds where it should, and each that fails has its counterexample."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from random import Random

import pytest
from making import atom, exchange, problem, steps

from mechanisms import Problem, get, run, specs
from mechanisms.check.auditing import audit_claim, break_assumption
from mechanisms.check.lying import best_lie
from mechanisms.check.utility import quasilinear
from mechanisms.claims import Claim
from mechanisms.cli import main
from mechanisms.conformance import cases

SLUGS = [spec.slug for spec in specs()]
SAMPLE = [case for slug in SLUGS for case in [(slug, each) for each in cases(slug, problems=6)]]
FULL = [case for slug in SLUGS for case in [(slug, each) for each in cases(slug, problems=250, seed=1)]]


@pytest.mark.parametrize(("slug", "case"), SAMPLE, ids=str)
def test_conforms(slug, case):
    case()


@pytest.mark.prove
@pytest.mark.parametrize(("slug", "case"), FULL, ids=str)
def test_conforms_at_length(slug, case):
    case()


# What the theory says cannot be truthful, and must be caught within seconds.
LIARS = [
    ("first_price", "truthful", {}),
    ("gsp", "truthful", {}),
    ("uniform_price", "truthful", {"price": "last_accepted"}),
    ("double_auction", "truthful", {}),
    ("pay_as_bid", "truthful", {}),
]


@pytest.mark.parametrize(("slug", "name", "params"), LIARS)
def test_counterexamples_are_problem_files_that_run_accepts(slug, name, params):
    claim = get(slug).claim(name, {"clicks": [2, 1]} if slug == "gsp" else params)
    assert claim.status == "fails"
    verdict = audit_claim(get(slug), claim, problems=5)
    lie = verdict.counterexample
    assert lie is not None
    assert lie.gain > 0
    truth, lied = (Problem.from_json(found.to_json()) for found in (lie.problem, lie.lied))
    honest = next(bid for bid in truth.bids if bid.agent == lie.agent)
    gain = quasilinear(lied, run(slug, lied), honest, (lie.agent,)) - quasilinear(
        truth, run(slug, truth), honest, (lie.agent,)
    )
    assert gain == lie.gain


def said(slug, name, params=None, problems=4):
    """Of the line that the audit prints, what is wrong and the problem in which it is."""
    verdict = audit_claim(get(slug), get(slug).claim(name, params or {}), problems=problems)
    line = re.fullmatch(r"ok  \w+ fails(?: \[.*?\])*: counterexample (.*?), in (\{.*\})", verdict.in_words())
    assert line, verdict.in_words()
    return line[1], json.loads(line[2])


def test_a_line_of_the_audit_says_who_gains_by_what_and_can_be_made_again():
    told, truth = said("vcg", "false_name_proof")
    agent, gain, stated = re.fullmatch(r"(\w+) gains (\d+) by stating (\[.*\])", told).groups()
    assert not any("budget" in bid for bid in truth["bids"])
    bids = json.loads(stated)
    assert {bid["agent"] for bid in bids} in ({agent, "zz"}, {"zz"})  # a second name; nobody lies about budgets
    kept = [bid for bid in truth["bids"] if bid["agent"] not in {one["agent"] for one in bids}]
    lied = Problem.from_json(truth | {"bids": kept + bids})
    truth = Problem.from_json(truth)
    honest = next(bid for bid in truth.bids if bid.agent == agent)
    gained = quasilinear(lied, run("vcg", lied), honest, (agent, "zz")) - quasilinear(
        truth, run("vcg", truth), honest, (agent,)
    )
    assert gained == int(gain)


def test_a_line_of_the_audit_names_the_coalition_that_blocks():
    told, truth = said("vcg", "core_for_reports")
    names, more = re.fullmatch(r"([\w, ]+) with the owners could have (\d+) more", told).groups()
    paid = run("vcg", truth).payments
    assert int(more) > 0
    assert set(names.split(", ")) < set(paid)


def test_a_line_of_the_audit_says_what_a_bidder_costs():
    told, truth = said("vcg", "revenue_monotone")
    lost, joins = re.fullmatch(r"revenue falls by (\d+) when (\w+) joins", told).groups()
    fewer = truth | {"bids": [bid for bid in truth["bids"] if bid["agent"] != joins]}
    assert run("vcg", fewer).revenue - run("vcg", truth).revenue == int(lost)


# Declarations that are not true: the audit must say so.
FALSE = [
    ("pay_as_bid", Claim("truthful", "holds")),
    ("pay_as_bid", Claim("envy_free", "holds")),
    ("second_price", Claim("truthful", "fails", ("private_values", "quasilinear", "no_binding_budget"))),
    ("second_price", Claim("truthful", "holds")),
    ("trade_reduction", Claim("budget_balanced", "holds")),
    ("trade_reduction", Claim("efficient", "holds", ("no_binding_budget", "unit_demand", "unit_supply"))),
    ("trade_reduction", Claim("false_name_proof", "holds", ("no_binding_budget", "unit_demand", "unit_supply"))),
    ("double_auction", Claim("truthful", "holds", ("no_binding_budget", "unit_demand", "unit_supply"))),
    ("double_auction", Claim("optimal_for_reports", "fails")),
    ("gsp", Claim("symmetric", "holds")),
    ("gsp", Claim("core_for_reports", "holds")),
    ("uniform_price", Claim("truthful", "holds", ("no_binding_budget",))),
    ("uniform_price", Claim("revenue_monotone", "holds", when=(("price", "last_accepted"),))),
]


@pytest.mark.parametrize(("slug", "claim"), FALSE, ids=str)
def test_a_false_claim_is_caught(slug, claim):
    kept = tuple(other for other in get(slug).claims if other.name != claim.name)
    spec = replace(get(slug), claims=(claim, *kept))
    assert not audit_claim(spec, claim, problems=40 if claim.status == "holds" and not claim.assumes else 4).stands


def test_a_needless_assumption_is_seen():
    claim = Claim("truthful", "holds", ("no_binding_budget", "unit_supply"))
    spec = replace(get("second_price"), claims=(claim,))
    assert break_assumption(spec, claim, "unit_supply", limit=40) is None


BROKEN = [
    ("uniform_price", "unit_demand"),
    ("trade_reduction", "unit_demand"),
    ("trade_reduction", "unit_supply"),
    ("trade_reduction", "single_identity"),
    ("second_price", "no_binding_budget"),
    ("second_price", "fixed_reserve"),
    ("position_vcg", "single_identity"),
]


@pytest.mark.parametrize(("slug", "assumption"), BROKEN)
def test_each_assumption_is_needed(slug, assumption):
    spec = get(slug)
    claim = next(c for c in spec.claims if c.name == "truthful" and c.status == "holds")
    lie = break_assumption(spec, claim, assumption)
    assert lie is not None
    assert Problem.from_json(lie.lied.to_json()).to_json() == lie.lied.to_json()


def test_the_contract_s_budget_example():
    """Two units, value 10 each, budget 5, against one bid of 3: truth loses units that a lower bid wins."""
    bids = [steps("a", (2, 10), budget=5), steps("b", (1, 3))]
    given = problem("multi_unit_vickrey", bids, lots=[{"id": "X", "supply": 2}])
    outcome = run("multi_unit_vickrey", given)
    assert outcome.certificate["budget_bound"]
    lie = best_lie(Problem.from_json(given.to_dict()), "a", Random(0), quasilinear)
    assert lie is not None
    assert lie.gain > 0


def test_demand_reduction_in_a_uniform_price_auction():
    """Ausubel and Cramton: a bidder for two units gains by asking for one."""
    given = problem("uniform_price", [steps("a", (2, 10)), steps("b", (1, 9))], lots=[{"id": "X", "supply": 2}])
    assert run("uniform_price", given).payments == {"a": 18, "b": 0}
    lie = best_lie(given, "a", Random(0), quasilinear)
    assert lie is not None
    assert lie.gain == 8  # one unit for nothing instead of two at 9


def test_a_bigger_trader_gains_against_mcafee():
    given = exchange([(2, 10), (1, 6)], [(1, 2), (1, 4)], mechanism="trade_reduction")
    lie = best_lie(given, "b0", Random(0), quasilinear)
    assert lie is not None


@pytest.mark.parametrize("slug", ["gsp", "second_price"])
def test_the_command_prints_the_verdicts(slug, capsys):
    assert main(["audit", slug, "--problems", "2", "--json"]) == 0
    verdicts = json.loads(capsys.readouterr().out)
    assert {verdict["claim"] for verdict in verdicts} == {claim.name for claim in get(slug).claims}
    assert all(verdict["stands"] for verdict in verdicts)


def test_truth_is_best_where_the_price_is_another_s():
    given = problem("second_price", [atom("a", 10), atom("b", 7)])
    assert best_lie(given, "b", Random(0), quasilinear) is None
