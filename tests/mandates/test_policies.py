"""Cedar decides as the typed JSON means, and what is decided over the JSON holds in Cedar's decisions."""

from datetime import datetime, timedelta
from functools import cache
from itertools import combinations, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.core.refusals import Refusal
from marketplace.mandates import documents
from marketplace.mandates.acts import Act
from marketplace.mandates.documents import Condition, Document, Rule, SetTest
from marketplace.mandates.narrowing import compatible, contradictions, implies, satisfiable, widenings
from marketplace.mandates.policies import STRICTNESS, decide, matches, may_tell
from tests.mandates import worlds
from tests.mandates.worlds import MONDAY, ZONE

SAMPLE = settings(max_examples=60, deadline=None)
FULL = settings(max_examples=20_000, deadline=None)
pairs = st.tuples(worlds.conditions(), worlds.conditions())
looked_at = st.lists(worlds.acts(), min_size=1, max_size=6)


def cedar_decides_as_written(document: Document, acts: list) -> None:
    for act, at in acts:
        assert decide(document, act, at, ZONE).word == worlds.decided(document, act, at)


def what_is_implied_is_met(conditions: tuple, acts: list) -> None:
    one, other = conditions
    for act, at in acts:
        met, met_too = (matches(when, act, at, ZONE) for when in conditions)
        assert not (met and not satisfiable(one))
        assert not (met and met_too and not compatible(one, other))
        assert not (implies(one, other) and met and not met_too)


def what_is_narrower_permits_no_more(child: Document, parent: Document, acts: list) -> None:
    assume(not widenings(child, parent))
    for act, at in acts:
        strict = [STRICTNESS.index(decide(document, act, at, ZONE).word) for document in (child, parent)]
        assert strict[0] >= strict[1]


@st.composite
def narrowed(draw):
    """A mandate and one below it, mostly narrower: the parent's own with a part replaced by a drawn one."""
    parent, other = draw(worlds.documents), draw(worlds.documents)
    part = draw(st.sampled_from(Document.__struct_fields__))
    fields = {name: getattr(parent, name) for name in Document.__struct_fields__}
    return Document(**{**fields, part: getattr(other, part)}), parent


@SAMPLE
@given(worlds.documents, looked_at)
def test_cedar_decides_as_the_typed_json_means(document, acts):
    cedar_decides_as_written(document, acts)


@SAMPLE
@given(pairs, looked_at)
def test_implication_and_contradiction_hold_in_cedar(conditions, acts):
    what_is_implied_is_met(conditions, acts)


@SAMPLE
@given(narrowed(), looked_at)
def test_a_narrower_mandate_permits_no_more_in_cedar(documents_, acts):
    what_is_narrower_permits_no_more(*documents_, acts)


@pytest.mark.prove
@pytest.mark.parametrize(
    ("drawn", "held"),
    [
        ((worlds.documents, looked_at), cedar_decides_as_written),
        ((pairs, looked_at), what_is_implied_is_met),
        ((narrowed(), looked_at), lambda two, acts: what_is_narrower_permits_no_more(*two, acts)),
    ],
    ids=["written", "implied", "narrower"],
)
def test_each_of_that_20_000_times(drawn, held):
    FULL(given(*drawn)(held))()


def an_act(**stated) -> Act:
    fixed = {"kind": "join", "market": "mkt_x", "title": "", "currency": "EUR", "limit_minor": 0, "more_minor": 0}
    sets = {"categories": frozenset("a"), "counterparties": frozenset("a"), "new_counterparty": False}
    return Act(**{**fixed, "mechanism": "a", "disclosure": "a", "closes_at": MONDAY, **sets, **stated})


@cache
def whole_world() -> list[Act]:
    """Every act that differs in what `few` can ask about."""
    sets = [frozenset(chosen) for size in range(1, 5) for chosen in combinations(worlds.WORLD, size)]
    facts = product(sets, worlds.WORLD, (0, 10, 11, 20, 21, 30, 31), ("EUR", "USD", "GBP"))
    names = ("categories", "mechanism", "limit_minor", "currency")
    return [an_act(**dict(zip(names, found, strict=True))) for found in facts]


few = st.builds(
    lambda currency, low, high, categories, mechanisms: Condition(
        currency=currency,
        over_minor=low if currency else None,
        up_to_minor=high if currency else None,
        categories=categories,
        mechanisms=mechanisms,
    ),
    st.none() | st.sampled_from(("EUR", "USD")),
    st.none() | st.sampled_from(worlds.AMOUNTS),
    st.none() | st.sampled_from(worlds.AMOUNTS),
    st.none() | worlds.tests,
    st.none() | worlds.tests,
)


@settings(max_examples=40, deadline=None)
@given(few, few)
def test_what_is_not_implied_has_a_witness(one, other):
    """Implication is exact: where it is denied, an act tells the two apart, and where nothing does, it is asserted."""
    told_apart = any(worlds.holds(one, act, MONDAY) and not worlds.holds(other, act, MONDAY) for act in whole_world())
    assert implies(one, other) != told_apart


CONTRADICTORY = [
    (
        {"ask": [{"when": {}, "name": "always"}], "never": [{"when": {}, "name": "no"}]},
        "ask:0 (always) says ask, but never:0 (no) says never to all of it",
    ),
    (
        {
            "alone": [{"when": {"currency": "EUR", "up_to_minor": 50}, "name": "small"}],
            "ask": [{"when": {"currency": "EUR"}}],
        },
        "alone:0 (small) says alone, but ask:0 says ask to all of it",
    ),
    (
        {"ask": [{"when": {"currency": "EUR", "over_minor": 50, "up_to_minor": 50}, "name": "x"}]},
        "ask:0 (x) can never apply",
    ),
    (
        {"ceilings": {"EUR": {"deal_minor": 20000, "day_minor": 10000}}},
        "ceilings/EUR: day_minor is 100.00 EUR, but one deal may cost 200.00 EUR",
    ),
    (
        {"categories": ["a"], "alone": [{"when": {"categories": {"any": ["b"]}}}]},
        "alone:0 is outside of what the mandate lists",
    ),
    (
        {"not_before": "2027-01-01T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"},
        "not_before is not before expires_at",
    ),
]


@pytest.mark.parametrize(("stated", "named"), CONTRADICTORY)
def test_contradictions_are_named(stated, named):
    assert contradictions(documents.read(stated)) == [named]


def test_rules_that_differ_do_not_contradict():
    stated = {
        "ask": [{"when": {"currency": "EUR", "over_minor": 50}}],
        "never": [{"when": {"currency": "EUR", "over_minor": 500}}],
    }
    assert contradictions(documents.read(stated)) == []


@pytest.mark.parametrize("field", documents.UNTELLABLE)
def test_worth_budget_and_purses_are_told_to_nobody(field):
    document = Document(may_tell={field: ("anyone",)})  # as no door would let it in
    assert may_tell(document, field, frozenset({"agt_x"}), MONDAY).reasons == ("untellable",)


def test_fields_are_told_to_those_named():
    document = documents.read({"may_tell": {"dates": ["agt_hotel"], "city": ["counterparty"], "name": ["anyone"]}})
    hotel, stranger = frozenset({"agt_hotel", "counterparty"}), frozenset({"agt_other"})
    told = {
        (field, who): may_tell(document, field, names, MONDAY).word
        for field in ("dates", "city", "name", "phone")
        for who, names in (("hotel", hotel), ("stranger", stranger))
    }
    assert {pair for pair, word in told.items() if word == "alone"} == {
        ("dates", "hotel"),
        ("city", "hotel"),
        ("name", "hotel"),
        ("name", "stranger"),
    }


def test_days_are_those_of_the_principals_zone():
    rule = Rule(when=Condition(hours=(documents.Hours("22:00", "07:00", ("mon",)),)))
    act = an_act()
    half_past_ten_in_amsterdam = MONDAY + timedelta(hours=21, minutes=30)
    assert decide(Document(ask=(rule,)), act, half_past_ten_in_amsterdam, ZONE).word == "ask"
    assert decide(Document(ask=(rule,)), act, half_past_ten_in_amsterdam, "UTC").word == "alone"


def test_a_policy_that_fails_forbids():
    class Odd:
        def facts(self, at: datetime, time_zone: str) -> dict:
            return {"currency": "EUR"}  # lacks what the rule asks for: Cedar alone would skip the rule

    rule = Rule(when=Condition(categories=SetTest(any=("a",))))
    assert decide(Document(never=(rule,)), Odd(), MONDAY, ZONE).reasons == ("broken",)


BAD = [
    ({"ceilings": {"XYZ": {}}}, "/ceilings"),
    ({"ceilings": {"EUR": {"deal_minor": -1}}}, "/ceilings/EUR/deal_minor"),
    ({"categories": ['"]; permit(principal, action, resource);//']}, "/categories/0"),
    ({"hours": [{"from": "25:00", "until": "07:00"}]}, "/hours/0"),
    ({"hours": [{"from": "07:00", "until": "08:00", "days": ["someday"]}]}, "/hours/0/days"),
    ({"hours": []}, "/hours"),
    ({"expires_at": "2027-01-01T00:00:00"}, "/expires_at"),
    ({"may_tell": {"worth": ["anyone"]}}, "/may_tell/worth"),
    ({"ask": [{"when": {"over_minor": 5}}]}, "/ask/0/when/currency"),
    ({"ask": [{"when": {"categories": {}}}]}, "/ask/0/when/categories"),
    ({"ask": [{"when": {"categories": {"any": ["a"], "all": ["a"]}}}]}, "/ask/0/when/categories"),
    ({"never": [{"when": {}}] * 65}, "/never"),
]


@pytest.mark.parametrize(("stated", "pointer"), BAD)
def test_what_is_no_mandate_is_refused_with_its_place(stated, pointer):
    with pytest.raises(Refusal) as caught:
        documents.read(stated)
    assert (caught.value.code, caught.value.pointer) == ("mandate_invalid", pointer)
