"""Bargains whose solutions others published: ANL 2022, OpenSpiel, human deals, and examples from papers."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mechanisms import read_problem, run
from mechanisms.bargaining import nash_rows, pareto_front
from mechanisms.bargaining.table import table_of
from mechanisms.check import verify

HERE = Path(__file__).parent / "data"
DOMAINS = [f"domain{number:02}" for number in range(25)]
# Where the published point is not the max-min of gains over ideal gains.
DIFFERENT = {"domain06", "domain12", "domain13", "domain14", "domain21"}


def examples(name: str) -> dict[str, dict]:
    return {entry["id"]: entry for entry in json.loads((HERE / "worked-examples" / f"{name}.json").read_text())}


def solved(slug: str, problem: dict[str, Any], **params: Any):
    given = read_problem({"mechanism": slug, **problem, "params": params})
    outcome = run(slug, given)
    assert verify(given, outcome) == []
    return outcome


def listed(points: list[tuple[Any, ...]], disagreement: tuple[Any, ...] = (0, 0)) -> dict[str, Any]:
    names = "abcdefgh"[: len(disagreement)]
    agreements = [
        {"id": f"{index:04}", "utilities": dict(zip(names, point, strict=True))} for index, point in enumerate(points)
    ]
    return {"agreements": agreements, "disagreement": dict(zip(names, disagreement, strict=True))}


def anl(folder: Path) -> dict[str, Any]:
    issues = json.loads((folder / f"{folder.name}.json").read_text())["issuesValues"]
    parties = {}
    for side in "AB":
        raw = json.loads((folder / f"profile{side}.json").read_text(), parse_float=Decimal)
        space = raw["LinearAdditiveUtilitySpace"]
        values = {
            issue: own["DiscreteValueSetUtilities"]["valueUtilities"] for issue, own in space["issueUtilities"].items()
        }
        parties[side] = {"weights": space["issueWeights"], "values": values}
    return {"issues": {issue: own["values"] for issue, own in issues.items()}, "parties": parties}


@pytest.mark.known_answers(3)
@pytest.mark.parametrize("name", DOMAINS)
def test_anl_2022(data_folder, name):
    folder = data_folder / "anl2022-domains" / name
    domain, published = anl(folder), json.loads((folder / "specials.json").read_text())
    nash, ratio = run("nash_bargaining", {"mechanism": "-", **domain}), solved_fast(domain, "closest_ratio")
    assert nash.agreement == published["nash"]["bid"]
    assert [float(utility) for utility in nash.utilities.values()] == pytest.approx(published["nash"]["utility"])
    assert ratio.agreement == published["kalai"]["bid"]
    assert (solved_fast(domain, "leximin").agreement != ratio.agreement) == (name in DIFFERENT)
    table = table_of(read_problem({"mechanism": "nash_bargaining", **domain}))
    front = [table.name(row) for row in pareto_front(table.utility)]
    bids = [point["bid"] for point in published["pareto_front"]]
    assert len(front) == len(bids)
    assert all(bid in front for bid in bids)


def solved_fast(domain: dict[str, Any], definition: str):
    return run("kalai_smorodinsky", {"mechanism": "-", **domain}, {"definition": definition})


def splits(counts: list[int], one: list[int], other: list[int]) -> list[tuple[int, int]]:
    shares = product(*(range(count + 1) for count in counts))
    return [
        (
            sum(n * v for n, v in zip(share, one, strict=True)),
            sum((c - n) * v for c, n, v in zip(counts, share, other, strict=True)),
        )
        for share in shares
    ]


@pytest.mark.known_answers(2)
def test_openspiel_sums():
    """1,000 instances: the greatest products and sums, and how many have Nash points of different utilities."""
    products, sums, tied = 0, 0, 0
    for line in (HERE / "openspiel-bargaining" / "bargaining_instances1000.txt").read_text().splitlines():
        points = splits(*([int(number) for number in part.split(",")] for part in line.split()))
        problem = listed(points)
        nash = run("nash_bargaining", {"mechanism": "-", **problem})
        products += nash.utilities["a"] * nash.utilities["b"]
        sums += sum(run("utilitarian_bargaining", {"mechanism": "-", **problem}).utilities.values())
        gains = table_of(read_problem({"mechanism": "nash_bargaining", **problem})).utility
        tied += len({tuple(gains[:, row]) for row in nash_rows(gains)}) > 1
    assert (products, sums, tied) == (56_117, 15_122, 117)


@pytest.mark.known_answers(2)
def test_the_deals_that_people_made(data_folder):
    deals = optimal = nash = 0
    cache: dict[tuple, tuple[set, int]] = {}
    kinds = ("book", "hat", "ball")
    with (data_folder / "deal-or-no-deal" / "negotiations.csv").open() as file:
        for row in csv.DictReader(file):
            if row["selection"] != "deal" or row["selections_match"] != "1":
                continue
            counts, you, them, got = (
                [int(row[f"{part}_{kind}"]) for kind in kinds] for part in ("n", "you", "them", "you_get")
            )
            case = (tuple(counts), tuple(you), tuple(them))
            if case not in cache:
                points = splits(counts, you, them)
                table = table_of(read_problem({"mechanism": "nash_bargaining", **listed(points)})).utility
                best = points[nash_rows(table)[0]]
                cache[case] = ({points[row] for row in pareto_front(table)}, best[0] * best[1])
            front, product_ = cache[case]
            mine = sum(n * v for n, v in zip(got, you, strict=True))
            theirs = sum((c - n) * v for c, n, v in zip(counts, got, them, strict=True))
            deals, optimal, nash = deals + 1, optimal + ((mine, theirs) in front), nash + (mine * theirs == product_)
    assert deals == 9531
    assert (round(100 * optimal / deals, 2), round(100 * nash / deals, 2)) == (77.04, 55.18)


@pytest.mark.known_answers
def test_bill_and_jack():
    """Nash 1950: nine goods to barter, 512 agreements."""
    example = examples("bargaining")["nash-1950-bill-jack"]
    goods = {**example["bill_owns"], **example["jack_owns"]}
    worth = dict.fromkeys(goods, 1)
    parties = {}
    for side, name, own in ((0, "bill", "bill_owns"), (1, "jack", "jack_owns")):
        values = {good: {"stays": 0, "goes": goods[good][side] * (-1 if good in example[own] else 1)} for good in goods}
        parties[name] = {"weights": worth, "values": values}
    outcome = solved("nash_bargaining", {"issues": {good: ["stays", "goes"] for good in goods}, "parties": parties})
    given = {good for good, where in outcome.agreement.items() if where == "goes"}
    assert given == {*example["nash_bill_gives"], *example["nash_jack_gives"]}
    assert list(outcome.utilities.values()) == example["gains"]
    totals = [d + gain for d, gain in zip(example["disagreement"], example["gains"], strict=True)]
    assert totals == example["utilities"]


@pytest.mark.parametrize("parties", [2, 3])
def test_two_hundred_thousand_outcomes(parties):
    """Every rule, exactly, on a domain as large as anybody's."""
    issues = {f"i{index}": [str(value) for value in range(8)] for index in range(6)}
    del issues["i5"]
    issues["last"] = [str(value) for value in range(7)]
    assert 8**5 * 7 == 229_376
    people = {}
    for number, name in enumerate("abc"[:parties]):
        values = {
            issue: {value: (hash_of(number, index, int(value)) % 10_000) / 10_000 for value in own}
            for index, (issue, own) in enumerate(issues.items())
        }
        weights = {issue: (3 + (index * (number + 2)) % 7) / 10 for index, issue in enumerate(issues)}
        people[name] = {"weights": weights, "values": values, "reservation": 0.5}
    problem = read_problem({"mechanism": "nash_bargaining", "issues": issues, "parties": people})
    table = table_of(problem)
    front = {tuple(point) for point in table.utility[:, pareto_front(table.utility)].T.tolist()}
    for slug in ("nash_bargaining", "kalai_smorodinsky", "egalitarian_bargaining", "utilitarian_bargaining"):
        outcome = run(slug, problem, {})
        settled = replace(problem, mechanism=slug)
        assert verify(settled, outcome) == []
        other = table.name(0)
        forged = replace(outcome, agreement=other, utilities=table.utilities(0))
        assert {"dominated", "not_best"} <= {finding.code for finding in verify(settled, forged)}
        assert tuple(int(utility * table.scale) for utility in outcome.utilities.values()) in front


def hash_of(*numbers: int) -> int:
    found = 17
    for number in numbers:
        found = (found * 7919 + number * 104_729 + 31) % 1_000_003
    return found
