"""Haggling in turns: known equilibria, human negotiations replayed, what is refused, time, and reference agents."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from mechanisms import ProblemError, advance, explain, read_problem, run, start
from mechanisms.check import verify
from mechanisms.strategies.haggling import (
    boulware,
    conceder,
    induction,
    play,
    subgame_perfect,
    zero_intelligence,
)

DATA = Path(__file__).parent / "data"
EXAMPLES = {
    entry["id"]: entry for entry in json.loads((DATA / "worked-examples" / "alternating_offers.json").read_text())
}
WIDE = 2_000_000


def pie(count: int) -> np.ndarray:
    """What each has of a pie in so many crumbs."""
    share = np.arange(count + 1) / count
    return np.array([share, 1 - share])


@pytest.mark.known_answers
@pytest.mark.parametrize("name", ["rubinstein-0.9-0.9", "rubinstein-0.5-0.5"])
def test_rubinstein_as_the_limit_of_many_rounds(name):
    example = EXAMPLES[name]
    stages = induction(pie(WIDE), [0, 0], [example["delta1"], example["delta2"]], 200, 0)
    assert stages[0].values[0] == pytest.approx(example["first_mover_share"], abs=1e-6)
    assert stages[0].offer is not None


@pytest.mark.known_answers
@pytest.mark.parametrize("name", ["finite-T2-0.9", "finite-T3-0.9"])
def test_finitely_many_rounds(name):
    example = EXAMPLES[name]
    stages = induction(pie(1000), [0, 0], [example["delta"]] * 2, example["periods"], 0)
    assert stages[0].values[0] == pytest.approx(example["first_mover_share"], abs=1e-9)


def split(crumbs: int, mechanism: str = "alternating_offers", **more: Any) -> dict[str, Any]:
    """Ann and Bob share so many crumbs; what is left to Bob is worth as much to him."""
    values = {str(n): n for n in range(crumbs + 1)}
    ann = {"weights": {"ann": 1}, "values": {"ann": values}}
    bob = {"weights": {"ann": 1}, "values": {"ann": {key: crumbs - n for key, n in values.items()}}}
    parties = {"ann": ann | more.pop("ann", {}), "bob": bob | more.pop("bob", {})}
    return {"mechanism": mechanism, "issues": {"ann": list(range(crumbs + 1))}, "parties": parties, **more}


@pytest.mark.known_answers
def test_the_equilibrium_of_the_ultimatum():
    """The responder takes what it is indifferent to, so it is offered nothing."""
    example = EXAMPLES["ultimatum-spe"]
    opened = start("ultimatum", split(example["pie"]), {"first": "ann"})
    end = play(opened, {"ann": subgame_perfect, "bob": subgame_perfect})
    assert end.outcome.agreement == {"ann": example["pie"] - example["offer"]}


@pytest.mark.parametrize("seed", range(8))
def test_perfect_pairs_reach_backward_induction(seed):
    rng = Random(seed)
    discounts = [rng.choice([0.5, 0.75, 0.9, 1]) for _ in "ab"]
    problem = split(
        60, ann={"discount": discounts[0]}, bob={"discount": discounts[1], "reservation": rng.choice([0, 7])}
    )
    rounds = rng.randint(1, 7)
    first = rng.choice(["ann", "bob"])
    end = play(
        start("alternating_offers", problem, {"rounds": rounds, "first": first}),
        dict.fromkeys(["ann", "bob"], subgame_perfect),
    )
    reservation = float(problem["parties"]["bob"]["reservation"])
    stages = induction(60 * pie(60), [0, reservation], discounts, rounds, ["ann", "bob"].index(first))
    assert end.outcome.status == "cleared"
    assert [float(u) for u in end.outcome.utilities.values()] == pytest.approx(stages[0].values)
    assert end.outcome.certificate["round"] == 1


KINDS = ("Food", "Water", "Firewood")
WORTH = {"High": 5, "Medium": 4, "Low": 3}


def camp(entry: dict[str, Any]) -> dict[str, Any]:
    """Three items of each kind; an agreement says how many the first has."""
    one, other = sorted(entry["priorities"])
    issues = {kind: [0, 1, 2, 3] for kind in KINDS}
    parties = {}
    for name in (one, other):
        weights = {kind: WORTH[priority] for priority, kind in entry["priorities"][name].items()}
        own = {str(n): n if name == one else 3 - n for n in range(4)}
        parties[name] = {"weights": weights, "values": dict.fromkeys(KINDS, own), "reservation": 5}
    moves = []
    for number, act in enumerate(entry["moves"], start=1):
        move = {"n": number, "agent": act["by"], "type": act["move"]}
        if act["move"] == "offer":
            move["data"] = {"agreement": act["proposer_gets" if act["by"] == one else "other_gets"]}
        moves.append(move)
    return {"mechanism": "alternating_offers", "issues": issues, "parties": parties, "moves": moves}


@pytest.mark.known_answers(130)
def test_what_campers_agreed_on(data_folder):
    """CaSiNo: every negotiation replayed gives the stated points; in two the same side offers again."""
    entries = json.loads((data_folder / "casino-offers" / "offers.json").read_text())
    again = 0
    for entry in entries:
        params = {"after_reject": "either", "rounds": 20}
        problem = read_problem({**camp(entry), "params": params})
        outcome = run("alternating_offers", problem)
        assert {name: int(points) for name, points in outcome.utilities.items()} == entry["points"]
        assert verify(problem, outcome) == []
        again += _same_side_again(entry["moves"])
    assert (len(entries), again) == (130, 2)


def _same_side_again(moves: list[dict[str, Any]]) -> bool:
    offers = [act["by"] for act in moves if act["move"] == "offer"]
    return any(one == other for one, other in pairwise(offers))


STAY: dict[str, Any] = {
    "mechanism": "alternating_offers",
    "currency": "USD",
    "exponent": 2,
    "issues": {"price": [30000, 40000], "breakfast": ["yes", "no"]},
    "parties": {"guest": {}, "hotel": {}},
    "transfers": [{"issue": "price", "payer": "guest", "payee": "hotel"}],
}
CHEAP, DEAR = {"price": 30000, "breakfast": "no"}, {"price": 40000, "breakfast": "yes"}


def offer(n: int, agent: str, agreement: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"n": n, "agent": agent, "type": "offer", "data": {"agreement": agreement}, **more}


def test_a_stay_is_haggled_to_money():
    state = start("alternating_offers", STAY)
    assert (state.turn, state.outcome, state.deadline) == (("guest", "hotel"), None, None)
    state = advance(state, offer(1, "guest", CHEAP))
    assert state.turn == ("hotel",)
    assert [move["type"] for move in state.legal["hotel"]] == ["accept", "reject", "offer", "walk_away"]
    assert state.legal["hotel"][2]["data"]["properties"]["agreement"]["properties"]["price"] == {"enum": [30000, 40000]}
    state = advance(state, offer(2, "hotel", DEAR))
    assert state.public["offer"] == DEAR
    state = advance(state, {"n": 3, "agent": "guest", "type": "accept"})
    outcome = state.outcome
    assert outcome.payments == {"guest": 40000, "hotel": -40000}
    assert [(charge.payer, charge.payee, charge.amount) for charge in outcome.charges] == [("guest", "hotel", 40000)]
    whole = read_problem({**STAY, "moves": [move.to_dict() for move in state.moves.all()]})
    assert run("alternating_offers", whole).to_json() == outcome.to_json()
    assert verify(whole, outcome) == []
    assert "You pay 400.00 USD." in explain(whole, outcome, "guest")
    assert (state.turn, state.legal) == ((), {})


REFUSED = [
    (offer(2, "guest", CHEAP), "wrong_number", "/n"),
    (offer(1, "eve", CHEAP), "unknown_party", "/agent"),
    (offer(1, "guest", {"price": 30000}), "outside_domain", "/data/agreement/breakfast"),
    (offer(1, "guest", {**CHEAP, "price": 35000}), "outside_domain", "/data/agreement/price"),
    (offer(1, "guest", {**CHEAP, "price": "30000"}), "outside_domain", "/data/agreement/price"),
    (offer(1, "guest", {**CHEAP, "view": "sea"}), "unknown_issue", "/data/agreement/view"),
    ({"n": 1, "agent": "guest", "type": "offer"}, "missing_field", "/data/agreement"),
    ({"n": 1, "agent": "guest", "type": "accept"}, "illegal_move", "/type"),
    ({"n": 1, "agent": "guest", "type": "walk_away", "data": {"why": "bored"}}, "unknown_field", "/data"),
    ({"n": 1, "agent": "@clock", "type": "timeout", "at": "2026-03-01T12:00:00Z"}, "too_early", "/at"),
    ({"n": 1, "agent": "@clock", "type": "offer", "at": "2026-03-01T12:00:00Z"}, "illegal_move", "/type"),
    ({"n": 1, "agent": "guest", "type": "walk_away", "at": "noon"}, "not_an_instant", "/at"),
    ({"agent": "guest", "type": "walk_away"}, "missing_field", "/n"),
]


@pytest.mark.parametrize(("move", "code", "pointer"), REFUSED)
def test_moves_that_are_refused_change_nothing(move, code, pointer):
    state = start("alternating_offers", STAY)
    with pytest.raises(ProblemError) as caught:
        advance(state, move)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
    assert advance(state, offer(1, "guest", CHEAP)).public["round"] == 1


def test_out_of_turn_over_and_not_over():
    state = advance(start("alternating_offers", STAY), offer(1, "guest", CHEAP))
    for move, code in (
        (offer(2, "guest", DEAR), "out_of_turn"),
        ({"n": 1, "agent": "hotel", "type": "accept"}, "wrong_number"),
    ):
        with pytest.raises(ProblemError) as caught:
            advance(state, move)
        assert caught.value.code == code
    over = advance(state, {"n": 2, "agent": "hotel", "type": "accept"})
    with pytest.raises(ProblemError, match="no move counts"):
        advance(over, offer(3, "guest", CHEAP))
    with pytest.raises(ProblemError) as caught:
        run("alternating_offers", {**STAY, "moves": [offer(1, "guest", CHEAP)]})
    assert caught.value.code == "not_over"
    with pytest.raises(ProblemError) as caught:
        run("alternating_offers", {**STAY, "moves": [offer(1, "guest", CHEAP), offer(2, "guest", CHEAP)]})
    assert (caught.value.code, caught.value.pointer) == ("out_of_turn", "/moves/1/agent")


def test_after_a_rejection_the_one_who_rejected_offers():
    state = advance(start("alternating_offers", STAY), offer(1, "guest", CHEAP))
    assert advance(state, {"n": 2, "agent": "hotel", "type": "reject"}).turn == ("hotel",)
    either = advance(start("alternating_offers", STAY, {"after_reject": "either"}), offer(1, "guest", CHEAP))
    assert advance(either, {"n": 2, "agent": "hotel", "type": "reject"}).turn == ("guest", "hotel")


@pytest.mark.parametrize("slug", ["ultimatum", "alternating_offers"])
def test_the_last_round_can_only_be_answered(slug):
    params = {"rounds": 1} if slug == "alternating_offers" else {}
    state = advance(start(slug, {**STAY, "mechanism": slug}, params), offer(1, "hotel", DEAR))
    assert [move["type"] for move in state.legal["guest"]] == ["accept", "reject", "walk_away"]
    over = advance(state, {"n": 2, "agent": "guest", "type": "reject"}).outcome
    assert (over.status, over.payments, over.certificate["ended"]) == (
        "disagreement",
        {"guest": 0, "hotel": 0},
        "reject",
    )


def test_silence_is_a_walk_away():
    opened = {**STAY, "opened_at": "2026-03-01T12:00:00Z"}
    state = start("alternating_offers", opened, {"answer_s": 60})
    assert state.deadline == "2026-03-01T12:01:00Z"
    with pytest.raises(ProblemError) as caught:
        advance(state, offer(1, "guest", CHEAP, at="2026-03-01T12:01:00Z"))
    assert caught.value.code == "too_late"
    state = advance(state, offer(1, "guest", CHEAP, at="2026-03-01T12:00:59.5Z"))
    assert state.deadline == "2026-03-01T12:01:59.500000Z"
    with pytest.raises(ProblemError) as caught:
        advance(state, {"n": 2, "agent": "hotel", "type": "accept", "at": "2026-03-01T12:00:00Z"})
    assert caught.value.code == "out_of_order"
    late = {"n": 2, "agent": "@clock", "type": "timeout", "at": "2026-03-01T12:02:00Z"}
    outcome = advance(state, late).outcome
    assert (outcome.status, outcome.certificate["ended"]) == ("disagreement", "timeout")
    for missing, pointer in (({"n": 2, "agent": "hotel", "type": "accept"}, "/at"),):
        with pytest.raises(ProblemError) as caught:
            advance(state, missing)
        assert (caught.value.code, caught.value.pointer) == ("missing_field", pointer)
    with pytest.raises(ProblemError) as caught:
        start("alternating_offers", STAY, {"answer_s": 60})
    assert caught.value.pointer == "/opened_at"


def test_a_discount_is_taken_by_the_round_or_by_the_second():
    given = {**split(10, ann={"discount": 0.9}, bob={"discount": 0.5}), "opened_at": "2026-03-01T12:00:00Z"}
    moves = [
        offer(1, "ann", {"ann": 10}, at="2026-03-01T12:00:01Z"),
        offer(2, "bob", {"ann": 4}, at="2026-03-01T12:00:02Z"),
        {"n": 3, "agent": "ann", "type": "accept", "at": "2026-03-01T12:00:03.9Z"},
    ]
    by_round = run("alternating_offers", {**given, "moves": moves})
    assert {name: float(u) for name, u in by_round.utilities.items()} == {"ann": 3.6, "bob": 3}
    by_second = read_problem({**given, "moves": moves, "params": {"discount_per": "second"}})
    outcome = run("alternating_offers", by_second)
    assert {name: float(u) for name, u in outcome.utilities.items()} == {"ann": 2.916, "bob": 0.75}
    assert verify(by_second, outcome) == []


@pytest.mark.parametrize(
    "data", [split(3) | {"moves": {}}, split(3) | {"parties": {"ann": {}}}, split(3) | {"lots": []}]
)
def test_what_is_no_haggle(data):
    with pytest.raises(ProblemError):
        start("alternating_offers", data)


def test_only_turn_based_rules_start():
    with pytest.raises(ProblemError) as caught:
        start("second_price", {"mechanism": "second_price", "lots": [], "bids": []})
    assert caught.value.code == "not_turn_based"


def deals(count: int) -> list[Any]:
    """Reference agents over OpenSpiel's instances: counts of three items and both sides' worth of each."""
    found = []
    lines = (DATA / "openspiel-bargaining" / "bargaining_instances1000.txt").read_text().splitlines()
    agents = [boulware, conceder, zero_intelligence(Random("zero")), subgame_perfect]
    for number, line in enumerate(lines[:count]):
        counts, one, other = ([int(n) for n in part.split(",")] for part in line.split())
        issues = {f"i{i}": list(range(c + 1)) for i, c in enumerate(counts)}
        parties = {}
        for name, worth in (("ann", one), ("bob", other)):
            values = {
                f"i{i}": {str(n): n if name == "ann" else c - n for n in range(c + 1)} for i, c in enumerate(counts)
            }
            weights = {f"i{i}": w for i, w in enumerate(worth)}
            parties[name] = {"weights": weights, "values": values, "reservation": 2}
        problem = {"mechanism": "alternating_offers", "issues": issues, "parties": parties}
        pair = {"ann": agents[number % 4], "bob": agents[number // 4 % 4]}
        found.append(play(start("alternating_offers", problem), pair).outcome)
    return found


def test_reference_agents_only_make_rational_deals():
    outcomes = deals(48)
    assert sum(outcome.status == "cleared" for outcome in outcomes) > 30
    assert all(min(outcome.utilities.values()) >= 2 for outcome in outcomes)


@pytest.mark.prove
def test_reference_agents_only_make_rational_deals_at_length():
    assert all(min(outcome.utilities.values()) >= 2 for outcome in deals(1000))
