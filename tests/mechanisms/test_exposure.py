"""What an agent can owe by its last move at most, in every rule of turns: who says nothing more never pays more."""

from __future__ import annotations

from random import Random

import pytest

from mechanisms import advance, get, start
from mechanisms.check.cases import kind_module

TIMED = {
    "english": {},
    "dutch": {},
    "ascending_clock": {},
    "continuous_double_auction": {},
    "alternating_offers": {"rounds": 4},
    "ultimatum": {},
}


def played(slug: str, rng: Random, params: dict[str, object]) -> tuple[object, dict[str, int], dict[str, int]]:
    """A random course to its end; by agent the exposure after its own last move, and the greatest after any move."""
    spec = get(slug)
    data = kind_module(spec.kind).draw(spec, rng, spec.read_params(params).model_dump(), ())
    moves = data.pop("moves")
    state, own, ever = start(slug, data), {}, {}
    for move in moves:
        state = advance(state, move)
        own[move["agent"]] = state.exposure(move["agent"])
        for agent in state.problem.agents():
            ever[agent] = max(ever.get(agent, 0), state.exposure(agent))
    return state, own, ever


@pytest.mark.parametrize("slug", TIMED)
@pytest.mark.parametrize("batch", range(3))
def test_silence_costs_no_more_than_the_exposure(slug, batch):
    rng, paid, full = Random(f"{slug}/{batch}"), 0, 0
    for _ in range(60):
        params = {"batch_s": 7} if slug == "continuous_double_auction" and batch == 2 else TIMED[slug]
        state, own, ever = played(slug, rng, params)
        outcome = state.outcome
        if outcome is None:
            continue
        for agent, owed in outcome.payments.items():
            assert owed <= own.get(agent, 0)
            # In the end it is what is owed, but for a leader of an English auction, who had risked its whole bid.
            assert slug == "english" or state.exposure(agent) == max(0, owed)
            paid, full = paid + (owed > 0), full + (0 < owed == ever[agent])
    assert paid > 10
    assert full  # the bound is reached: a smaller one would be wrong


def test_an_offer_exposes_who_would_pay_and_nobody_else():
    data = {
        "mechanism": "alternating_offers",
        "issues": {"price": [100, 200]},
        "parties": {"buyer": {}, "seller": {}},
        "transfers": [{"issue": "price", "payer": "buyer", "payee": "seller"}],
        "opened_at": "2026-03-01T12:00:00Z",
        "closes_at": "2026-03-01T12:01:00Z",
    }
    asked = advance(start("alternating_offers", data), _offer(1, "seller", 200))
    assert [asked.exposure(name) for name in ("buyer", "seller")] == [0, 0]
    offered = advance(asked, _offer(2, "buyer", 100))
    assert [offered.exposure(name) for name in ("buyer", "seller")] == [100, 0]
    assert [advance(offered, _offer(3, "seller", 200)).exposure(name) for name in ("buyer", "seller")] == [0, 0]


def test_a_haggle_ends_at_its_close_at_the_latest():
    data = {
        "mechanism": "alternating_offers",
        "params": {"answer_s": 50},
        "issues": {"price": [100, 200]},
        "parties": {"buyer": {}, "seller": {}},
        "opened_at": "2026-03-01T12:00:00Z",
        "closes_at": "2026-03-01T12:01:00Z",
    }
    state = start("alternating_offers", data)
    assert state.deadline == "2026-03-01T12:00:50Z"
    state = advance(state, _offer(1, "seller", 200))
    assert state.deadline == "2026-03-01T12:01:00Z"
    over = advance(state, {"n": 2, "agent": "@clock", "type": "timeout", "at": "2026-03-01T12:01:00Z"})
    assert (over.outcome.status, over.deadline) == ("disagreement", None)


def _offer(n: int, agent: str, price: int) -> dict[str, object]:
    data = {"agreement": {"price": price}}
    return {"n": n, "agent": agent, "type": "offer", "data": data, "at": f"2026-03-01T12:00:{10 * n}Z"}
