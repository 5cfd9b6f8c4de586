"""Checks of a dynamic auction by its moves alone, and random ones for the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.check.finding import Finding
from mechanisms.check.retelling import RETOLD
from mechanisms.dynamic.types import Session
from mechanisms.errors import ProblemError
from mechanisms.moves import CLOCK
from mechanisms.registry import get
from mechanisms.spec import Spec
from mechanisms.turns import advance, start
from mechanisms.types import Outcome


def consistent(problem: Session, outcome: Outcome) -> Iterator[Finding]:
    """Everybody has and pays what the moves say, told a second time; sums are sums."""
    if sorted(outcome.payments) != sorted(problem.bidders):
        yield Finding("consistent", "payments_incomplete", "payments have every bidder and nobody else", "/payments")
        return
    two = get(outcome.mechanism).sides == "two"
    reserves = {lot.id: 0 if two else lot.reserve for lot in problem.lots}
    kept = sum(reserves[lot] * n for award in outcome.awards for lot, n in award.bundle.items())
    if outcome.revenue != sum(outcome.payments.values()):
        yield Finding("consistent", "wrong_revenue", "revenue is the sum of payments", "/revenue")
    if outcome.welfare != sum(award.value for award in outcome.awards) - kept:
        yield Finding("consistent", "wrong_welfare", "welfare is accepted values minus the reserves sold", "/welfare")
    if outcome.mechanism in RETOLD and problem.params.get("batch_s") is None:
        yield from _as_retold(problem, outcome)
    else:
        yield from _at_one_price(outcome)


def _as_retold(problem: Session, outcome: Outcome) -> Iterator[Finding]:
    told = RETOLD[outcome.mechanism](problem)
    units = {(award.agent, lot): n for award in outcome.awards for lot, n in award.bundle.items()}
    values = {award.agent: award.value for award in outcome.awards}
    if units != {key: n for key, n in told.units.items() if n}:
        yield Finding("consistent", "not_what_was_traded", "the awards are not what the moves traded", "/awards")
    if {agent: paid for agent, paid in outcome.payments.items() if paid} != {
        a: p for a, p in told.payments.items() if p
    }:
        yield Finding("consistent", "wrong_payments", "payments are not what the moves say", "/payments")
    if any(value != told.values[agent] for agent, value in values.items()):
        yield Finding("consistent", "wrong_value", "the values are not what was stated", "/awards")


def _at_one_price(outcome: Outcome) -> Iterator[Finding]:
    """Clocks: quantity times the lot's price; of batches, whose prices change, only sums can be checked."""
    if outcome.mechanism != "ascending_clock":
        return
    for award in outcome.awards:
        if outcome.payments[award.agent] != sum(outcome.prices[lot] * n for lot, n in award.bundle.items()):
            yield Finding("consistent", "wrong_payments", "all pay the lots' prices", f"/payments/{award.agent}")


def feasible(problem: Session, outcome: Outcome) -> Iterator[Finding]:
    """No more than the supply is handed out; where bidders bring it, as much is bought as sold."""
    totals: dict[str, int] = defaultdict(int)
    for award in outcome.awards:
        for name, units in award.bundle.items():
            totals[name] += units
    for lot in problem.lots:
        two = get(outcome.mechanism).sides == "two"
        if (totals[lot.id] != 0) if two else totals[lot.id] > (1 if lot.supply is None else lot.supply):
            yield Finding("feasible", "oversold", f"{lot.id}: {totals[lot.id]} units do not balance", "/awards")


def individually_rational(problem: Session, outcome: Outcome) -> Iterator[Finding]:
    """Nobody pays more than it stated for what it got, and who got nothing pays nothing."""
    values = {award.agent: award.value for award in outcome.awards}
    for agent, paid in outcome.payments.items():
        if paid > values.get(agent, 0):
            yield Finding("individually_rational", "above_value", f"{agent!r} pays {paid}", f"/payments/{agent}")


def budget_balanced(problem: Session, outcome: Outcome) -> Iterator[Finding]:
    """What traders pay is what traders receive."""
    if sum(outcome.payments.values()):
        yield Finding("budget_balanced", "surplus_or_deficit", f"payments sum to {outcome.revenue}", "/payments")


def optimal_for_reports(problem: Session, outcome: Outcome) -> Iterator[Finding]:
    """No other allocation of what was asked for is worth more by the limits that were stated."""
    best = _best_trade(problem) if get(outcome.mechanism).sides == "two" else _best_sale(problem)
    if outcome.welfare != best:
        yield Finding("optimal_for_reports", "not_optimal", f"welfare {outcome.welfare}, possible {best}", "/welfare")


def _best_sale(problem: Session) -> int:
    bids = [move.data["amount"] for move in problem.moves if move.type == "bid"]
    return max([0, *(amount - problem.lots[0].reserve for amount in bids)])


def _best_trade(problem: Session) -> int:
    gone = {move.data["order"] for move in problem.moves if move.type == "cancel"}
    orders = [m.data for m in problem.moves if m.type == "order" and m.n not in gone and "price" in m.data]
    found = 0
    for lot in problem.lots:
        own = [order for order in orders if order["lot"] == lot.id]
        bids = sorted((o["price"] for o in own for _ in range(max(0, o["quantity"]))), reverse=True)
        asks = sorted(o["price"] for o in own for _ in range(max(0, -o["quantity"])))
        found += sum(max(0, bid - ask) for bid, ask in zip(bids, asks, strict=False))
    return found


CHECKS = {
    "feasible": feasible,
    "individually_rational": individually_rational,
    "budget_balanced": budget_balanced,
    "weakly_budget_balanced": budget_balanced,
    "optimal_for_reports": optimal_for_reports,
}
TRIALS: dict[str, Any] = {}
BREAKERS: dict[str, dict[str, Any]] = {}
NAMES = ("ann", "bob", "cy", "dee")


def draw(spec: Spec, rng: Random, params: dict[str, Any], assumes: Collection[str]) -> dict[str, Any]:
    """Up to four who do this or that, a second after another, until the clock ends it."""
    two = spec.sides == "two"
    many = 1 if spec.unit_supply else rng.randint(1, 3)
    lots = ["x", "y"] if spec.slug in ("ascending_clock", "continuous_double_auction") else ["x"]
    data: dict[str, Any] = {
        "mechanism": spec.slug,
        "params": _params(spec, params, rng),
        "currency": "USD",
        "exponent": 2,
        "lots": [{"id": lot} if two else {"id": lot, "supply": many, "reserve": rng.randint(0, 3)} for lot in lots],
        "bidders": list(NAMES[: rng.randint(2, 4)]),
        "opened_at": "2026-03-01T12:00:00Z",
        "closes_at": "2026-03-01T12:00:40Z",
    }
    if spec.slug == "ascending_clock":
        del data["closes_at"]
    return data | {"moves": _moves(spec, data, rng)}


def _params(spec: Spec, params: dict[str, Any], rng: Random) -> dict[str, Any]:
    if spec.slug in ("english", "ascending_clock"):
        params = params | {"increments": [[10, rng.randint(1, 2)], [None, 3]]}
    if spec.slug == "english":
        params = params | {"soft_close_s": rng.choice([0, 5])}
    if spec.slug == "dutch":
        return params | {"start": rng.randint(5, 12), "decrement": rng.randint(1, 4), "tick_s": 4}
    if spec.slug == "ascending_clock":
        return params | {"round_s": 8, "points": {}}
    return params


def _moves(spec: Spec, data: dict[str, Any], rng: Random) -> list[dict[str, Any]]:
    """What the four try, as far as the rule takes it; the clock speaks when it is due."""
    state, second = start(spec.slug, data), 0
    moves: list[dict[str, Any]] = []
    while state.outcome is None:
        second += 1
        at = f"2026-03-01T12:{second // 60:02}:{second % 60:02}Z"
        due = state.deadline is not None and state.deadline <= at
        move = {"agent": CLOCK, "type": "timeout"} if due else _attempt(spec, data, state.public, rng)
        try:
            state = advance(state, {"n": len(moves) + 1, **move, "at": at})
        except ProblemError:
            continue
        moves.append({"n": len(moves) + 1, **move, "at": at})
    return moves


def _attempt(spec: Spec, data: dict[str, Any], public: dict[str, Any], rng: Random) -> dict[str, Any]:
    agent = rng.choice(data["bidders"])
    lot = rng.choice(data["lots"])["id"]
    if spec.slug == "english":
        return {"agent": agent, "type": "bid", "data": {"amount": rng.randint(1, 25)}}
    if spec.slug == "dutch":
        return {"agent": agent, "type": rng.choice(["accept", "wait", "wait"]), "data": {}}
    if spec.slug == "ascending_clock":
        tired = sum(public["prices"].values()) / 8
        demand = {one["id"]: max(0, round(rng.randint(0, one["supply"]) - tired)) for one in data["lots"]}
        return {"agent": agent, "type": "bid", "data": {"demand": demand}}
    if rng.random() < 0.1:
        return {"agent": agent, "type": "cancel", "data": {"order": rng.randint(1, 20)}}
    order = {"lot": lot, "quantity": rng.choice([-3, -2, -1, 1, 2, 3])}
    kind = {"limit_total": rng.randint(0, 20)} if rng.random() < 0.2 else {"price": rng.randint(1, 10)}
    return {"agent": agent, "type": "order", "data": order | kind}


def shuffled(problem: Session, rng: Random) -> Session:
    """The same with its lots and bidders in another order; moves have an order of their own."""
    lots, bidders = list(problem.lots), list(problem.bidders)
    rng.shuffle(lots)
    rng.shuffle(bidders)
    return replace(problem, lots=tuple(lots), bidders=tuple(bidders))
