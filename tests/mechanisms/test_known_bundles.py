"""Published numbers of winner determination, VCG and core; what may not be shipped comes by WALRAS_DATA."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from mechanisms import Problem, run
from mechanisms.check import verify
from mechanisms.cli import main
from mechanisms.readers import read_cats, read_sandholm

HERE = Path(__file__).parent / "data" / "worked-examples"


def examples(name: str) -> dict[str, dict]:
    return {entry["id"]: entry for entry in json.loads((HERE / f"{name}.json").read_text())}


def sale(mechanism: str, bids: dict[str, list], *, units: int = 1, **params) -> Problem:
    """Bids {agent: [(value, goods)]} in units of 1/10000; goods of supply 1, or several units of one."""
    goods = sorted({str(good) for atoms in bids.values() for _, own in atoms for good in own})
    made = [
        {"agent": agent, "atoms": [{"bundle": bundle_of(own), "value": round(value * 10000)} for value, own in atoms]}
        for agent, atoms in bids.items()
    ]
    lots = [{"id": good, "seller": "s", "supply": units} for good in goods]
    head = {"mechanism": mechanism, "params": params, "currency": "USD", "exponent": 4}
    return Problem.from_json({**head, "lots": lots, "bids": made})


def bundle_of(goods: list) -> dict[str, int]:
    return {str(good): list(goods).count(good) for good in goods}


def single_minded(bids: list) -> dict[str, list]:
    return {str(place): [bid] for place, bid in enumerate(bids)}


def cleared(given: Problem):
    outcome = run(given.mechanism, given)
    assert verify(given, outcome) == []
    assert outcome.certificate["grade"] == "exact"
    return outcome


def paid(outcome) -> dict[str, float]:
    """What winners pay, in whole money."""
    return {award.agent: outcome.payments[award.agent] / 10000 for award in outcome.awards}


@pytest.mark.known_answers(5)
def test_worked_examples_of_vcg():
    known = examples("vcg_combinatorial")
    easy = known["ca-easy0000"]
    outcome = cleared(sale("vcg", single_minded(easy["bids"])))
    assert outcome.welfare == round(easy["optimum"] * 10000)
    assert paid(outcome) == {str(k): pytest.approx(v, abs=5e-4) for k, v in easy["vcg"].items()}
    core = cleared(sale("core_selecting", single_minded(easy["bids"])))
    assert core.revenue / 10000 == pytest.approx(easy["computed_core_nearest_vcg_total"], abs=5e-4)
    for name in ("ca-4bids", "lovely-lonely", "ca-2x2-global"):
        outcome = cleared(sale("vcg", known[name]["bids"]))
        assert outcome.welfare == round(known[name]["optimum"] * 10000)
        assert paid(outcome) == pytest.approx(known[name]["vcg"])
    outcome = cleared(sale("vcg", known["wdp-freiburg"]["bids"]))
    assert (outcome.welfare, [award.agent for award in outcome.awards]) == (110000, ["b2", "b3"])


@pytest.mark.known_answers(4)
@pytest.mark.parametrize("name", ["day-2007", "llg-80-60-100", "fasterccg", "supersimple"])
def test_core_payments_nearest_to_vcg(name):
    example = examples("core_selecting")[name]
    bids = single_minded(example["bids_single_minded"])
    if "bids_xor_bidder_D" in example:
        bids["D"] = example["bids_xor_bidder_D"]
    outcome = cleared(sale("core_selecting", bids))
    due = [outcome.payments[str(place)] / 10000 for place in range(len(example["core"]))]
    assert (outcome.welfare, due) == (example["optimum"] * 10000, example["core"])
    assert outcome.revenue == example["core_total"] * 10000
    vcg = cleared(sale("vcg", bids))
    assert [vcg.payments[str(place)] / 10000 for place in range(len(example["vcg"]))] == example["vcg"]


@pytest.mark.known_answers(3)
@pytest.mark.parametrize("case", range(3))
def test_local_local_global(case):
    example = examples("core_selecting")["llg-rules"]["cases"][case]
    goods = {"L1": "A", "L2": "B", "G": "AB"}
    bids = {agent: [(value, goods[agent])] for agent, value in zip(goods, example["bids"], strict=True)}

    def pays(mechanism, **params):
        outcome = cleared(sale(mechanism, bids, **params))
        return [outcome.payments[agent] / 10000 for agent in goods]

    assert pays("vcg") == example["vcg"]
    assert pays("pay_as_bid") == example["first_price"]
    assert pays("core_selecting") == example["nearest_vcg"]
    assert pays("core_selecting", reference="bids") == example["nearest_bid"]
    assert pays("core_selecting", reference="zero") == example["proxy"]


@pytest.mark.known_answers(2)
@pytest.mark.parametrize("case", range(2))
def test_four_locals_and_two_globals(case):
    goods = {"L1": "AB|BC", "L2": "CD|DE", "L3": "EF|FG", "L4": "GH|HA", "G1": "ABCD|EFGH", "G2": "CDEF|GHAB"}
    example = examples("core_selecting")["llllgg-1-2"]["cases"][case]
    bids = {a: list(zip(values, goods[a].split("|"), strict=True)) for a, values in example["bids"].items()}
    top = cleared(sale("vcg", bids))
    # The first case has several best allocations: then the published payments are those of the published one.
    if {award.agent: "".join(sorted(award.bundle)) for award in top.awards} == example["winners"]:
        assert paid(top) == example["vcg"]
        assert paid(cleared(sale("core_selecting", bids))) == example["nearest_vcg"]
    else:
        assert case == 0


@pytest.mark.known_answers
def test_two_equal_units():
    example = examples("core_selecting")["llg-two-units"]
    bids = {agent: [(value, "U" * units) for value, units in own] for agent, own in example["bids"].items()}
    assert paid(cleared(sale("core_selecting", bids, units=2))) == example["core"]


def expected(folder: Path, name: str) -> dict[str, dict]:
    return json.loads((folder / name / "expected.json").read_text())


@pytest.mark.known_answers(8)
def test_sandholm_s_published_optima(data_folder):
    for name, known in expected(data_folder, "wdp-sandholm").items():
        given = read_sandholm(data_folder / "wdp-sandholm" / name, mechanism="pay_as_bid")
        outcome = run("pay_as_bid", given)
        assert Fraction(outcome.welfare, 10 ** given["exponent"]) == Fraction(str(known["published_optimum"]))


@pytest.mark.known_answers(50)
def test_the_fifty_published_values_of_cats_arbitrary(data_folder):
    for name, known in expected(data_folder, "wdp-cats-arbitrary").items():
        given = read_cats(data_folder / "wdp-cats-arbitrary" / name, mechanism="pay_as_bid")
        assert (len(given["lots"]), len(given["bids"])) == (known["goods"], known["bidders"])
        outcome = run("pay_as_bid", given)
        assert outcome.welfare / 10 ** given["exponent"] == pytest.approx(known["published_efficient_value"], abs=1e-9)


@pytest.mark.known_answers(20)
@pytest.mark.parametrize(
    ("mechanism", "key"), [("vcg", "computed_vcg"), ("core_selecting", "computed_core_nearest_vcg")]
)
def test_payments_of_the_first_ten(data_folder, mechanism, key):
    ten = {name: known for name, known in expected(data_folder, "wdp-cats-arbitrary").items() if key in known}
    assert len(ten) == 10
    for name, known in ten.items():
        path = data_folder / "wdp-cats-arbitrary" / name
        given = read_cats(path, mechanism=mechanism, finer=2 if mechanism == "core_selecting" else 0)
        outcome = run(mechanism, given)
        unit = 10 ** given["exponent"]
        assert {a: n / unit for a, n in outcome.payments.items() if n} == pytest.approx(
            {a: n for a, n in known[key].items() if n}, abs=1e-4
        )


@pytest.mark.known_answers(20)
def test_the_optima_of_regions_npv(data_folder):
    for name, known in expected(data_folder, "wdp-cats-regions-npv").items():
        given = read_cats(data_folder / "wdp-cats-regions-npv" / name, mechanism="pay_as_bid")
        outcome = run("pay_as_bid", given)
        assert outcome.welfare / 10 ** given["exponent"] == pytest.approx(known["computed_optimum"], abs=1e-6)


CATS = """% a comment
goods 2
bids 9
dummy 1
0\t5.25\t0\t2\t#
1\t7\t0\t1\t2\t#
2\t3.5\t1\t#
"""


def test_convert_prints_a_problem_file_that_run_accepts(tmp_path, capsys):
    (tmp_path / "small.cats").write_text(CATS)
    assert main(["convert", "cats", str(tmp_path / "small.cats")]) == 0
    given = Problem.from_json(capsys.readouterr().out)
    assert {bid.agent: len(bid.atoms or ()) for bid in given.bids} == {"DB2": 2, "SB2": 1}
    assert run("vcg", given).welfare == 875
    (tmp_path / "small.txt").write_text("2 1\n5.25 1 2\n")
    assert main(["convert", "sandholm", str(tmp_path / "small.txt")]) == 0
    assert main(["convert", "xml", "x"]) == 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("bids 1\n0 1 0 #\n", 2),
        ("goods 2\n0 x 0 #\n", 2),
        ("goods 2\n0 1 5 #\n", 2),
        ("goods 2\n0 1 0\n", 2),
        ("goods 2\n0 1 0 0 #\n", 2),
        ("goods 2\ndummy 2\n0 1 0 2 3 #\n", 3),
        ("goods 2\n0 -1 0 #\n", 2),
        ("goods 2\n0 1e999999999 0 #\n", 2),
        ("goods 2\n0 0e-999999999 0 #\n", 2),
        ("goods 2\n", 1),
        ("goods x\n", 1),
    ],
)
def test_what_is_no_cats_file_is_refused_with_its_line(tmp_path, capsys, text, line):
    (tmp_path / "bad").write_text(text)
    assert main(["convert", "cats", str(tmp_path / "bad")]) == 2
    assert f"line {line}:" in capsys.readouterr().err
