"""Scoring auctions: what the winner is paid, whose truth is best, and requests that cannot be read."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from mechanisms import ProblemError, get, read_problem, run
from mechanisms.check import verify
from mechanisms.check.auditing import audit_claim
from mechanisms.check.generating import generate
from mechanisms.check.requests import profit

WORTH = {
    "base": 1000,
    "values": {"view": {"sea": 300, "yard": 0}, "pets": {"true": -200, "false": 0}, "age": {"3": 50}},
}


def request(*bids: tuple[str, int, dict[str, Any]], worth: dict[str, Any] = WORTH, **more: Any):
    sellers: dict[str, list] = {}
    for index, (agent, ask, attributes) in enumerate(bids):
        sellers.setdefault(agent, []).append({"id": f"o{index}", "ask": ask, "attributes": attributes})
    listed = [{"agent": agent, "offers": offers} for agent, offers in sellers.items()]
    buyer = {"agent": "t", "worth": worth}
    return read_problem({"mechanism": "scoring_auction", "buyer": buyer, "bids": listed, **more})


def cleared(problem, **params: Any):
    outcome = run("scoring_auction", problem, params or None)
    assert verify(replace(problem, params=params or problem.params), outcome) == []
    return outcome


def test_second_and_first_score():
    problem = request(("a", 900, {"view": "sea"}), ("b", 700, {"view": "yard"}), ("c", 500, {"pets": True}))
    # Scores 400, 300, 300: a is paid what leaves the buyer 300.
    second, first = cleared(problem), cleared(problem, pricing="first_score")
    assert second.payments == {"a": -1000, "b": 0, "c": 0, "t": 1000}
    assert first.payments == {"a": -900, "b": 0, "c": 0, "t": 900}
    assert (second.welfare, second.revenue) == (400, 0)
    assert [(charge.payer, charge.payee, charge.amount) for charge in second.charges] == [("t", "a", 1000)]


def test_a_lone_seller_gets_the_whole_worth():
    assert cleared(request(("a", 900, {"view": "sea", "age": 3}))).payments == {"a": -1350, "t": 1350}


def test_a_seller_does_not_compete_with_itself():
    problem = request(("a", 900, {"view": "sea"}), ("a", 700, {"view": "yard"}), ("b", 990, {}))
    assert cleared(problem).payments["a"] == -1290


def test_walking_away():
    outcome = cleared(request(("a", 1500, {"view": "sea"})))
    assert (outcome.status, outcome.payments, outcome.awards) == ("no_trade", {"a": 0, "t": 0}, ())
    assert cleared(request()).status == "no_trade"
    refused = {"base": 1000, "values": {"view": {"yard": None}}}
    assert cleared(request(("a", 1, {"view": "yard"}), worth=refused)).status == "no_trade"
    assert cleared(request(("a", 1000, {}))).status == "cleared"  # a score of 0 is no worse than walking away


def test_ties_depend_on_the_seed_alone():
    winners = set()
    for seed in range(20):
        problem = request(("a", 900, {}), ("b", 900, {}), seed=f"{seed:02x}")
        outcome = cleared(problem)
        winners |= {name for name, paid in outcome.payments.items() if paid < 0}
        assert outcome.payments["t"] == 900
    assert winners == {"a", "b"}


@pytest.mark.parametrize("pricing", ["second_score", "first_score"])
def test_who_gains_by_a_lie(pricing):
    spec = get("scoring_auction")
    sellers = audit_claim(spec, spec.claim("truthful_for_sellers", {"pricing": pricing}), problems=40)
    everybody = audit_claim(spec, spec.claim("truthful", {"pricing": pricing}), problems=40)
    assert sellers.stands
    assert everybody.stands
    lie = everybody.counterexample
    assert lie is not None
    if pricing == "second_score":
        assert lie.agent == lie.problem.buyer
    assert read_problem(lie.lied.to_json()).to_json() == lie.lied.to_json()


def test_the_audit_draws_full_worths_that_admit_prefer_and_refuse():
    """Half of its buyers state a category; their musts and tables decide some of the requests."""
    spec, drawn = get("scoring_auction"), Random("drawn")
    problems = [generate(spec, drawn, {"pricing": "second_score"}) for _ in range(60)]
    full = [problem for problem in problems if problem.item is not None]
    assert 20 < len(full) < 40
    worths = [(problem.worth(offer), offer) for problem in full for own in problem.offers.values() for offer in own]
    assert None in {worth for worth, _ in worths}
    assert len({worth for worth, _ in worths}) > 10
    assert all(verify(problem, run("scoring_auction", problem)) == [] for problem in full)


def test_shading_an_ask_never_pays_under_second_score():
    rng = Random("shading")
    for _ in range(200):
        asks = [rng.randint(500, 1300) for _ in range(3)]
        truth = request(*((name, ask, {}) for name, ask in zip("abc", asks, strict=True)))
        told = request(("a", rng.randint(500, 1300), {}), ("b", asks[1], {}), ("c", asks[2], {}))
        honest = profit(truth, run("scoring_auction", truth), "a", truth.offers["a"])
        assert profit(told, run("scoring_auction", told), "a", truth.offers["a"]) <= honest


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"buyer": {"agent": "t"}}, "missing_field", "/buyer/worth"),
        ({"buyer": {"agent": "t", "worth": {"base": 0.5}}}, "not_an_integer", "/buyer/worth/base"),
        (
            {"buyer": {"agent": "t", "worth": {"base": 1, "values": {"a": {"b": "c"}}}}},
            "not_an_integer",
            "/buyer/worth/values/a/b",
        ),
        ({"bids": [{"agent": "t", "offers": []}]}, "duplicate_agent", "/bids/0/agent"),
        ({"bids": [{"agent": "h", "offers": [{"id": "o", "ask": -1}]}]}, "out_of_range", "/bids/0/offers/0/ask"),
        ({"bids": [{"agent": "h", "offers": [{"id": "o"}]}]}, "missing_field", "/bids/0/offers/0/ask"),
        ({"bids": [{"agent": "h", "offers": [{"id": "o", "ask": 1}] * 2}]}, "duplicate_id", "/bids/0/offers/1/id"),
        (
            {"bids": [{"agent": "h", "offers": [{"id": "o", "ask": 1, "attributes": {"a": 0.5}}]}]},
            "invalid_value",
            "/bids/0/offers/0/attributes/a",
        ),
        ({"lots": []}, "unknown_field", "/lots"),
    ],
)
def test_what_cannot_be_read(change, code, pointer):
    data = {"mechanism": "scoring_auction", "buyer": {"agent": "t", "worth": {"base": 1}}, "bids": []}
    with pytest.raises(ProblemError) as caught:
        run("scoring_auction", {**data, **change})
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


STAY = {"addressLocality": "Bath", "checkoutTime": "2026-12-04T10:00:00+00:00"}


def stay(ask: int, day: int = 1, **attributes: Any):
    """An offer of nights in a room, as its seller makes it."""
    return ask, STAY | {"checkinTime": f"2026-12-{day:02d}T15:00:00+00:00", **attributes}


def asked(*bids: tuple[str, tuple[int, dict[str, Any]]], **more: Any):
    """A buyer whose worth is in the language of preferences."""
    offers = [
        {"agent": agent, "offers": [{"id": f"o{n}", "ask": ask, "attributes": attributes}]}
        for n, (agent, (ask, attributes)) in enumerate(bids)
    ]
    better = {"attribute": "starRating", "add": 100, "per": 1, "from": 3}
    quiet = {"add": 50, "when": {"attribute": "amenityFeature", "has": "desk"}}
    buyer = {
        "agent": "t",
        "category": "hotel-stay/1",
        "must": {"attribute": "checkinTime.date", "eq": "2026-12-01"},
        "worth": {"base": 300, "terms": [better, quiet]},
    }
    return read_problem({"mechanism": "scoring_auction", "buyer": buyer | more, "bids": offers})


def test_a_buyer_states_its_full_worth_in_the_language_of_preferences():
    problem = asked(
        ("plain", stay(250, starRating=3)),
        ("grand", stay(380, starRating=4.5, amenityFeature=["desk"])),
        ("wrong", stay(10, day=2, starRating=5)),
        ("silent", stay(10)),
    )
    outcome = cleared(problem)
    # grand is worth 300 + 150 + 50, less 380 scores 120; plain scores 50; another day and no stars are out.
    assert outcome.payments == {"grand": -450, "plain": 0, "silent": 0, "t": 450, "wrong": 0}
    assert cleared(problem, pricing="first_score").payments["t"] == 380
    assert read_problem(problem.to_json()) == problem


@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ({"worth": {"terms": [{"add": "x"}]}}, "not_an_integer", "/buyer/worth/terms/0/add"),
        ({"category": "moon/1"}, "unknown_category", "/buyer/category"),
        ({"must": {"attribute": "stars", "eq": 1}}, "unknown_attribute", "/buyer/must/attribute"),
    ],
)
def test_a_bad_worth_of_a_buyer_is_pointed_at(more, code, pointer):
    with pytest.raises(ProblemError) as caught:
        asked(**more)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_offers_must_fit_the_category():
    with pytest.raises(ProblemError) as caught:
        asked(("a", (10, {"colour": "red"})))
    assert (caught.value.code, caught.value.pointer) == ("unknown_attribute", "/bids/0/offers/0/attributes/colour")


def test_sellers_gain_nothing_by_lying_to_a_full_worth():
    offers = [("a", stay(250, starRating=3)), ("b", stay(380, starRating=4.5)), ("c", stay(290, starRating=3.5))]
    problem = asked(*offers)
    for n, (seller, (cost, attributes)) in enumerate(offers):
        truth = problem.offers[seller]
        honest = profit(problem, cleared(problem), seller, truth)
        for ask in range(0, 600, 30):
            told = [row if m != n else (seller, (ask, attributes)) for m, row in enumerate(offers)]
            assert profit(asked(*told), cleared(asked(*told)), seller, truth) <= honest, (seller, cost, ask)
