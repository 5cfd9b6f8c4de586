"""Preferences that go straight into the winner determination: the same bundles, the same outcome, a good proof."""

import itertools
import random

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import mechanisms
from mechanisms.admission import is_lot_by_lot
from mechanisms.bids import Lot
from mechanisms.check.verifying import verify
from mechanisms.digest import digest_of
from mechanisms.errors import ProblemError
from mechanisms.preferences import compile_judged, judge, read_categories, read_preference, tables_of
from mechanisms.preferences.compiling import compile_directly
from mechanisms.preferences.scaling import Scaled
from mechanisms.preferences.stating import stated as as_bid
from mechanisms.types import Outcome, Problem
from tests.mechanisms.preference_making import CATEGORIES, bundles_of, lots, preferences

KNOWN = read_categories(CATEGORIES)
RULES = ("vcg", "core_selecting", "pay_as_bid", "vcg_exchange")
SOME = settings(deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])


def judged_on(stated, offered):
    try:
        preference = read_preference(stated, KNOWN)
    except ProblemError:
        assume(False)
    return preference, judge(preference, tables_of([Lot(**{"seller": "s", **one}) for one in offered], KNOWN))


def both(stated, offered):
    """The two bids of a preference: listed atoms, and a program."""
    preference, judged = judged_on(stated, offered)
    directly = compile_directly(preference, judged, Scaled(preference, judged, 0))
    return as_bid(compile_judged(preference, judged, exponent=0)), as_bid(directly)


def wanted(program):
    """Every bundle of a program with its best worth, over all choices of its columns."""
    best = {}
    for taken in itertools.product((0, 1), repeat=len(program["columns"])):
        if not taken[0] or any(sum(n * taken[c] for c, n in row) > room for room, row in program["rows"]):
            continue
        units, worth = {}, 0
        for (lot, amount), is_taken in zip(program["columns"], taken, strict=True):
            worth += amount * is_taken
            if lot is not None and is_taken:
                units[lot] = units.get(lot, 0) + 1
        assert worth <= program["most"]
        bundle = tuple(sorted(units.items()))
        if bundle and worth > 0:
            best[bundle] = max(worth, best.get(bundle, worth))
    return best


def check_meaning(stated, offered):
    _, bid = both(stated, offered)
    if "program" not in bid:
        assert bundles_of(stated, offered) == {}
    elif len(bid["program"]["columns"]) <= 11:
        assert wanted(bid["program"]) == bundles_of(stated, offered)


@settings(SOME, max_examples=25)
@given(preferences(), lots(most=3))
def test_a_program_wants_just_the_bundles_that_the_words_mean(stated, offered):
    check_meaning(stated, offered)


def two_problems(slug, stated, offered, seed):
    """The same sale with all preferences listed, and with most of them as programs; in an exchange lots have owners."""
    assume(offered)
    sides = ([], [])
    two = slug == "vcg_exchange"
    dropped = ("supply", "reserve") if two else ()
    sold = [{name: part for name, part in one.items() if name not in dropped} for one in offered]
    for n, one in enumerate(stated):
        listed, directly = both(one, sold)
        sides[0].append({"agent": f"a{n}"} | listed)
        sides[1].append({"agent": f"a{n}"} | (listed if n % 3 == 2 else directly))
    for n, one in enumerate(offered if two else ()):
        atoms = [
            {"bundle": {one["id"]: -units}, "value": -one["reserve"] * units} for units in range(1, one["supply"] + 1)
        ]
        for bids in sides:
            bids.append({"agent": f"s{n}", "atoms": atoms})
    shared = {"mechanism": slug, "currency": "USD", "exponent": 0, "seed": f"{seed:02x}", "lots": sold}
    return [Problem.from_json(shared | {"bids": bids}) for bids in sides]


def check_routes(slug, stated, offered, seed):
    listed, directly = two_problems(slug, stated, offered, seed)
    assume(slug != "pay_as_bid" or not is_lot_by_lot(listed))  # curves on one lot are cleared without bundles
    outcomes = [mechanisms.run(slug, problem) for problem in (listed, directly)]
    told = [{k: v for k, v in one.to_dict().items() if k not in ("certificate", "digest")} for one in outcomes]
    assert told[0] == told[1]
    version = mechanisms.get(slug).version
    assert (
        digest_of(mechanisms.engine.prepare(mechanisms.get(slug), listed).to_dict(), version, told[1])
        == outcomes[0].digest
    )
    assert outcomes[1].certificate["grade"] == "exact"
    assert verify(directly, outcomes[1]) == []


@settings(SOME, max_examples=20)
@given(st.sampled_from(RULES), st.lists(preferences(), min_size=1, max_size=4), lots(), st.integers(0, 255))
def test_both_routes_give_the_same_outcome_and_the_proof_of_the_direct_one_holds(slug, stated, offered, seed):
    check_routes(slug, stated, offered, seed)


@pytest.mark.prove
def test_both_routes_two_thousand_times():
    drawn = (st.sampled_from(RULES), st.lists(preferences(), min_size=1, max_size=4), lots(), st.integers(0, 255))
    settings(SOME, max_examples=2000)(given(*drawn)(check_routes))()
    settings(SOME, max_examples=2000)(given(preferences(), lots(most=3))(check_meaning))()


def hours(agents, machines, budget=None, seed=7):
    """Blocks of hours on machines of which everybody wants several: millions of bundles each."""
    rng = random.Random(seed)
    sold = [
        {"id": f"m{n:02d}", "category": "compute-hours/1", "supply": rng.randint(1, 2), "seller": "s",
         "reserve": rng.randint(100, 400),
         "attributes": {"region": "eu", "processorCores": 8, "memorySize": rng.choice([16, 32, 64])}}
        for n in range(machines)
    ]  # fmt: skip
    bids = [
        {"agent": f"a{n}", "preference": {"version": 1, "currency": "USD", "items": {"h": {
            "category": "compute-hours/1", "at_most": rng.randint(3, 6), "each_further": [-40, -90],
            "worth": {"base": rng.randint(300, 900), "terms": [
                {"attribute": "memorySize", "add": rng.randint(1, 5), "per": 1, "unit": "GB", "from": 0}]}}}}
            | ({"budget": budget} if budget and n == 0 else {})}
        for n in range(agents)
    ]  # fmt: skip
    return {"mechanism": "vcg", "currency": "USD", "exponent": 2, "lots": sold, "bids": bids}


def test_where_bundles_explode_a_problem_file_goes_the_direct_way():
    stated = hours(agents=5, machines=20)
    problem = Problem.from_json(stated)
    assert all(bid.program is not None and bid.atoms is None for bid in problem.bids)
    outcome = mechanisms.run("vcg", problem)
    assert outcome.status == "cleared"
    assert outcome.certificate["grade"] == "exact"
    assert len(outcome.awards) == 5
    assert verify(problem, outcome) == []
    again = mechanisms.run("vcg", Problem.from_json(problem.to_json()))
    assert again.to_json() == outcome.to_json()
    stated["bids"].reverse()
    stated["lots"].reverse()
    assert mechanisms.run("vcg", stated).digest == outcome.digest
    text = mechanisms.explain(problem, outcome, "a0")
    assert "bundles" in text
    assert "You bought" in text
    with pytest.raises(ProblemError) as refused:
        mechanisms.run("walrasian", stated | {"mechanism": "walrasian"})
    assert refused.value.code == "too_many_atoms"


def test_a_budget_caps_what_a_program_is_worth():
    problem = Problem.from_json(hours(agents=3, machines=12, budget=1500))
    outcome = mechanisms.run("vcg", problem)
    assert outcome.award_of("a0").value <= 1500
    assert outcome.certificate["budget_bound"]
    assert verify(problem, outcome) == []


def tampered(outcome, **parts):
    return Outcome.from_json(outcome.to_dict() | parts)


def test_the_check_refuses_a_false_award_a_false_welfare_and_a_price_above_breaking_a_row():
    problem = Problem.from_json(hours(agents=3, machines=12, budget=1500))
    outcome = mechanisms.run("vcg", problem)
    awards = outcome.to_dict()["awards"]
    dearer = [awards[0] | {"value": awards[0]["value"] + 1}, *awards[1:]]
    assert {"wrong_value"} <= {one.code for one in verify(problem, tampered(outcome, awards=dearer))}
    certificate = outcome.to_dict()["certificate"]
    for broken in (certificate | {"columns": []}, certificate | {"columns": [10**6]}, certificate | {"columns": None}):
        assert "more_than_stated" in {one.code for one in verify(problem, tampered(outcome, certificate=broken))}
    lots_first = len(problem.lots)
    soft = max(row for passes, _, _ in certificate["proof"]["nodes"] for prices in passes for row, _ in prices)
    assert soft >= lots_first
    proof = certificate["proof"] | {"nodes": [[[[[soft, 2 << 20]]], -1, 1]]}
    lying = tampered(outcome, certificate=certificate | {"proof": proof})
    assert "not_optimal" in {one.code for one in verify(problem, lying)}


PROGRAM = {"columns": [[None, 0], ["A", 5]], "rows": [[0, [[1, 1], [0, -1]]]], "most": 5}
BAD = [
    ({"columns": [["A", 5]], "rows": []}, "no_presence", "/columns/0"),
    ({"columns": [[None, 1]]}, "no_presence", "/columns/0"),
    ({"columns": [[None, 0], ["B", 5]]}, "unknown_lot", "/columns/1/0"),
    ({"columns": [], "rows": []}, "too_many_pieces", "/columns"),
    ({"columns": [[None, 0], "A"]}, "not_a_pair", "/columns/1"),
    ({"rows": [[-1, [[1, -1]]]]}, "out_of_range", "/rows/0/0"),
    ({"rows": [[0, [[2, 1]]]]}, "out_of_range", "/rows/0/1/0/0"),
    ({"rows": [[0, [[1, 1], [1, 1]]]]}, "duplicate_id", "/rows/0/1/1/0"),
    ({"rows": [[1, [[0, 1]]]] * 3000}, "too_many_pieces", "/rows"),
    ({"most": -1}, "out_of_range", "/most"),
]


@pytest.mark.parametrize(("part", "code", "pointer"), BAD)
def test_a_program_that_is_none_is_refused_by_pointer(part, code, pointer):
    problem = {"mechanism": "vcg", "currency": "USD", "exponent": 0, "lots": [{"id": "A"}]}
    with pytest.raises(ProblemError) as refused:
        mechanisms.run("vcg", problem | {"bids": [{"agent": "a", "program": PROGRAM | part}]})
    assert (refused.value.code, refused.value.pointer) == (code, f"/bids/0/program{pointer}")


def test_programs_are_for_rules_of_bundles_and_stand_alone():
    lot = {"mechanism": "vcg", "currency": "USD", "exponent": 0, "lots": [{"id": "A"}]}
    assert mechanisms.run("vcg", lot | {"bids": [{"agent": "a", "program": PROGRAM}]}).awards[0].value == 5
    for slug, bid, code in (
        ("second_price", {"program": PROGRAM}, "program_not_taken"),
        ("vcg", {"program": PROGRAM, "atoms": []}, "program_and_pieces"),
    ):
        with pytest.raises(ProblemError) as refused:
            mechanisms.run(slug, lot | {"mechanism": slug, "bids": [{"agent": "a"} | bid]})
        assert refused.value.code == code


def test_a_program_that_is_worth_more_than_it_says_trades_no_welfare_away():
    columns = [[None, 0], ["A", 90], ["B", 80]]
    rich = {"agent": "a", "program": {"columns": columns, "rows": [], "most": 10}}
    other = {"agent": "b", "atoms": [{"bundle": {"B": 1}, "value": 7}]}
    problem = {"mechanism": "vcg", "currency": "USD", "exponent": 0, "lots": [{"id": "A"}, {"id": "B"}]}
    for seed in ("00", "01", "02", "03"):
        outcome = mechanisms.run("vcg", Problem.from_json(problem | {"bids": [rich, other], "seed": seed}))
        assert outcome.welfare == 17
        assert outcome.award_of("a").bundle == {"A": 1}
