"""Genius XML and GeniusWeb JSON: published points, what is kept, and what is refused."""

from __future__ import annotations

import json

import pytest

from mechanisms import read_problem, run
from mechanisms.bargaining import pareto_front
from mechanisms.bargaining.table import table_of
from mechanisms.check import verify
from mechanisms.cli import main
from mechanisms.readers import UnreadableError, parse_genius, parse_geniusweb, read_genius, read_geniusweb


def space(
    weight: object = 1, evaluation: object = 2, more: str = "", kind: str = "discrete", name: str = "colour"
) -> bytes:
    return f"""<utility_space>{more}<objective index="0" name="root">
<issue index="1" name="{name}" vtype="{kind}"><item index="1" value="red" evaluation="{evaluation}"/>
<item index="2" value="green" evaluation="1"/></issue>
<weight index="1" value="{weight}"/></objective></utility_space>""".encode()


@pytest.mark.known_answers(4)
def test_itex_against_cypress(data_folder):
    folder = data_folder / "genius-anac-xml" / "ItexvsCypress"
    files = {side: folder / f"ItexvsCypress_{side}.xml" for side in ("Cypress", "Itex")}
    problem = read_problem(read_genius(files))
    table = table_of(problem)
    assert table.utility.shape[1] == 180
    assert len(pareto_front(table.utility)) == 18
    for slug, params in (("nash_bargaining", {}), ("kalai_smorodinsky", {"definition": "closest_ratio"})):
        utilities = run(slug, problem, params).utilities
        assert [float(u) for u in utilities.values()] == pytest.approx([0.670478, 0.721478], abs=1e-6)


@pytest.mark.known_answers(5)
def test_the_laptop(data_folder):
    folder = data_folder / "genius-anac-xml" / "Laptop"
    document = read_genius({side: folder / f"laptop_{side}_utility.xml" for side in ("buyer", "seller")})
    assert {party["discount"] for party in document["parties"].values()} == {0.42441038}
    problem = read_problem(document)
    table = table_of(problem)
    assert (table.utility.shape[1], len(pareto_front(table.utility))) == (27, 4)
    nash = run("nash_bargaining", problem)
    assert verify(problem, nash) == []
    assert [float(u) for u in nash.utilities.values()] == pytest.approx([1.000052, 0.815105], abs=1e-6)
    ratio = run("kalai_smorodinsky", problem, {"definition": "closest_ratio"})
    assert [float(u) for u in ratio.utilities.values()] == pytest.approx([0.874024, 0.874024], abs=1e-6)


@pytest.mark.known_answers
def test_a_geniusweb_domain_from_its_files(data_folder, capsys, tmp_path):
    folder = data_folder / "anl2022-domains" / "domain00"
    files = {"A": folder / "profileA.json", "B": folder / "profileB.json"}
    outcome = run("nash_bargaining", read_geniusweb(folder / "domain00.json", files))
    assert outcome.agreement == json.loads((folder / "specials.json").read_text())["nash"]["bid"]
    paths = [str(folder / "domain00.json"), str(files["A"]), str(files["B"])]
    assert main(["convert", "geniusweb", *paths]) == 0
    (tmp_path / "problem.json").write_text(capsys.readouterr().out)
    assert main(["run", str(tmp_path / "problem.json")]) == 0
    assert json.loads(capsys.readouterr().out)["agreement"] == outcome.agreement


def test_reservation_and_discount_are_kept():
    more = '<reservation value="0.25"/><discount_factor value="0.9"/>'
    document = parse_genius({"a": space(more=more), "b": space()})
    assert (document["parties"]["a"]["reservation"], document["parties"]["a"]["discount"]) == (0.25, 0.9)
    assert (document["parties"]["b"]["reservation"], "discount" in document["parties"]["b"]) == (0, False)
    assert run("nash_bargaining", document).agreement == {"colour": "red"}
    assert (
        read_problem(document).to_dict()["parties"]["a"]["discount"] == read_problem(document).parties["a"]["discount"]
    )


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"a": b"<utility_space>"}, "line 1"),
        ({"a": b"<utility_space>\n<objective>\n</utility_space>"}, "line 3"),
        ({"a": b"<utility_space/>"}, "objective"),
        ({"a": b'<!DOCTYPE x [<!ENTITY y "z">]><utility_space/>'}, "entities"),
        ({"a": space(weight="much")}, "no number"),
        ({"a": space(weight="nan")}, "out of range"),
        ({"a": space(evaluation="1e999")}, "out of range"),
        ({"a": space(evaluation=0).replace(b'evaluation="1"', b'evaluation="0"')}, "above 0"),
        ({"a": space(kind="integer")}, "not discrete"),
        ({"a": space().replace(b"<weight", b"<height")}, "no weight"),
        ({"a": space(), "b": space(name="size")}, "not those"),
    ],
)
def test_what_is_no_utility_space(texts, words):
    with pytest.raises(UnreadableError, match=words):
        parse_genius(texts)


DOMAIN = '{"name": "d", "issuesValues": {"i": {"values": ["x", "y"]}}}'
PROFILE = {
    "LinearAdditiveUtilitySpace": {
        "issueWeights": {"i": 1},
        "issueUtilities": {"i": {"DiscreteValueSetUtilities": {"valueUtilities": {"x": 1, "y": 0.5}}}},
    }
}


def test_the_reservation_bid_is_the_reservation():
    held = {
        "LinearAdditiveUtilitySpace": {
            **PROFILE["LinearAdditiveUtilitySpace"],
            "reservationBid": {"issuevalues": {"i": "y"}},
        }
    }
    document = parse_geniusweb(DOMAIN, {"a": json.dumps(held), "b": json.dumps(PROFILE)})
    assert float(document["parties"]["a"]["reservation"]) == 0.5
    assert document["parties"]["b"]["reservation"] == 0


@pytest.mark.parametrize(
    ("domain", "profile", "words"),
    [
        ("{", "{}", "not JSON"),
        ("{}", "{}", "issuesValues"),
        ('{"issuesValues": {"i": {"range": [0, 1]}}}', "{}", "values"),
        ('{"issuesValues": {"i": {"values": [1, 2]}}}', "{}", "ranges"),
        ('{"issuesValues": {"i": {"values": []}}}', "{}", "no list"),
        (DOMAIN, "{}", "LinearAdditiveUtilitySpace"),
        (DOMAIN, json.dumps(PROFILE).replace('"y"', '"z"'), "'y'"),
        (DOMAIN, '{"a": NaN}', "NaN"),
    ],
)
def test_what_is_no_geniusweb(domain, profile, words):
    with pytest.raises(UnreadableError, match=words):
        parse_geniusweb(domain, {"a": profile, "b": profile})
