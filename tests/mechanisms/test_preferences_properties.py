"""Preferences drawn at random: compiled as the slow way says in any order of lots; broken ones refused by pointer."""

import copy
import random

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import mechanisms
from mechanisms.bids import Lot
from mechanisms.errors import ProblemError
from mechanisms.preferences import (
    compile_preference,
    json_schema,
    preview,
    read_categories,
    read_preference,
)
from tests.mechanisms.preference_making import CATEGORIES, bundles_of, lots, preferences

KNOWN = read_categories(CATEGORIES)
SCHEMA = jsonschema.Draft202012Validator(json_schema())
SOME = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
RUBBISH = (None, -1, 1.5, "", "nowhere", [], {}, [[]], True, 10**30, {"all": []}, "99:99", ["x", "x"])


def read(stated):
    """The preference; those whose musts contradict each other are not wanted here."""
    try:
        return read_preference(stated, KNOWN)
    except ProblemError as error:
        assume(error.code != "contradictory_must")
        raise


def as_lots(stated):
    return [Lot(**{"seller": "s", **one}) for one in stated]


def compiled(preference, offered):
    return compile_preference(preference, as_lots(offered), currency="USD", exponent=0, categories=KNOWN)


@SOME
@given(preferences(), lots(), st.randoms(use_true_random=False))
def test_atoms_are_what_the_words_mean_in_any_order_of_lots(stated, offered, rng):
    found = compiled(read(stated), offered)
    assert {tuple(sorted(atom.bundle.items())): atom.value for atom in found.atoms} == bundles_of(stated, offered)
    rng.shuffle(offered)
    assert compiled(read(stated), offered) == found
    assert found.budget == stated.get("budget")


@SOME
@given(preferences(), lots(), lots(most=2))
def test_further_lots_leave_a_preview_as_if_they_had_been_there_from_the_start(stated, first, later):
    later = [one | {"id": "x" + one["id"]} for one in later]
    seen = preview(read(stated), as_lots(first), currency="USD", exponent=0, categories=KNOWN)
    whole = preview(read(stated), as_lots(first + later), currency="USD", exponent=0, categories=KNOWN)
    assert seen.with_lots(as_lots(later)).told() == whole.told()


@SOME
@given(preferences(), lots())
def test_a_preview_says_of_every_lot_why(stated, offered):
    told = preview(read(stated), as_lots(offered), currency="USD", exponent=0, categories=KNOWN).told()
    for name, item in told["items"].items():
        of_it = {lot["id"] for lot in offered if lot["category"] == stated["items"][name]["category"]}
        assert {row["lot"] for row in item["qualify"]} | {row["lot"] for row in item["out"]} == of_it
        assert all(row["failed"] for row in item["out"])
        if not item["qualify"]:
            assert item["emptied_by"]["pointer"].startswith(f"/items/{name}/")
    assert bool(told["atoms"]) != ("nothing_because" in told)


@SOME
@given(preferences(), lots())
def test_giving_up_what_a_relaxation_names_admits_its_lots(stated, offered):
    told = preview(read(stated), as_lots(offered), currency="USD", exponent=0, categories=KNOWN).told()
    for name, item in told["items"].items():
        for relaxation in item.get("relaxations", ()):
            eased = copy.deepcopy(stated)
            dropped = {int(part["pointer"].split("/must/")[1].split("/")[0]) for part in relaxation["give_up"]}
            must = eased["items"][name]["must"]
            eased["items"][name]["must"] = [one for n, one in enumerate(must) if n not in dropped]
            again = preview(read(eased), as_lots(offered), currency="USD", exponent=0, categories=KNOWN).told()
            assert set(relaxation["admits"]) <= {row["lot"] for row in again["items"][name]["qualify"]}


@SOME
@given(preferences())
def test_what_is_accepted_meets_the_published_schema(stated):
    read(stated)
    SCHEMA.validate(stated)


@SOME
@given(preferences(), lots(), st.randoms(use_true_random=False))
def test_a_broken_preference_is_refused_with_a_pointer_or_still_means_something(stated, offered, rng):
    broken = copy.deepcopy(stated)
    place, key = rng.choice(list(places(broken)))
    if rng.random() < 0.3:
        del place[key]
    else:
        place[key] = rng.choice(RUBBISH)
    try:
        found = compiled(read_preference(broken, KNOWN), offered).atoms
    except ProblemError as refused:
        error, found = refused, ()
    else:
        error = None
    assert error is None or (error.code and error.detail and error.pointer[:1] in ("", "/"))
    assert all(atom.value > 0 for atom in found)


def places(value):
    """Every (container, key) of a JSON value."""
    keys = range(len(value)) if isinstance(value, list) else list(value)
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(preferences(), min_size=1, max_size=3), lots())
def test_a_problem_file_with_preferences_clears_like_one_with_their_atoms(stated, offered):
    assume(offered)
    bids = [{"agent": f"a{n}", "preference": one} for n, one in enumerate(stated)]
    sold = [one | {"seller": "s"} for one in offered]
    problem = {"mechanism": "vcg", "currency": "USD", "exponent": 0, "lots": sold}
    atoms = [
        {"agent": f"a{n}", "atoms": [{"bundle": a.bundle, "value": a.value} for a in compiled(read(one), sold).atoms]}
        | ({"budget": one["budget"]} if "budget" in one else {})
        for n, one in enumerate(stated)
    ]
    outcome = mechanisms.run("vcg", problem | {"bids": bids, "categories": CATEGORIES})
    assert outcome.to_json() == mechanisms.run("vcg", problem | {"bids": atoms}).to_json()


@pytest.mark.prove
def test_ten_thousand_preferences_compile_as_the_words_mean():
    inner = test_atoms_are_what_the_words_mean_in_any_order_of_lots.hypothesis.inner_test
    settings(SOME, max_examples=10_000)(given(preferences(), lots(), st.builds(random.Random, st.integers()))(inner))()
