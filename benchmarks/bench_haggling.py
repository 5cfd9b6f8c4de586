"""Haggling: what a move costs late in a long negotiation, and what reference agents make of 1,000 bargaining instances.

Run `python benchmarks/bench_haggling.py`; the instances are read from the folder that WALRAS_DATA names.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mechanisms import State, advance, start
from mechanisms.bargaining.front import pareto_front
from mechanisms.strategies.haggling import Haggler, boulware, conceder, play, subgame_perfect, zero_intelligence
from mechanisms.strategies.people import human_like

BOUND = 12
SEED = "haggling"
RESERVATION, ROUNDS, DISCOUNT = 2, 10, 0.95
AGENTS: dict[str, Haggler] = {
    "subgame-perfect": subgame_perfect,
    "boulware": boulware,
    "conceder": conceder,
    "zero-intelligence": zero_intelligence(Random(SEED)),
    "human-like": lambda state, agent: human_like(Random(f"{SEED} {agent} {state.problem.to_json()!r}"))(state, agent),
}


def offers(count: int) -> float:
    """CPU seconds for so many offers by turns."""
    problem = {"mechanism": "alternating_offers", "issues": {"price": [1, 2]}, "parties": {"a": {}, "b": {}}}
    return _seconds(
        start("alternating_offers", problem, {"rounds": count, "first": "a"}),
        [_move(n, "ab"[n % 2], "offer", {"agreement": {"price": 1}}) for n in range(count)],
    )


def orders(count: int) -> float:
    """CPU seconds for so many orders that stand or trade, at prices that drift together."""
    rng = Random(SEED)
    times = {"opened_at": "2026-03-01T00:00:00Z", "closes_at": "2026-03-02T00:00:00Z"}
    problem = {"mechanism": "continuous_double_auction", "currency": "USD", "exponent": 2, "lots": [{"id": "x"}]}
    moves = []
    for n in range(count):
        quantity = rng.choice([-2, -1, 1, 2])
        price = 1000 + rng.randint(-300, 50) if quantity > 0 else 1000 + rng.randint(-50, 300)
        agent = "buyer" if quantity > 0 else "seller"
        moves.append(_move(n, agent, "order", {"lot": "x", "quantity": quantity, "price": price}))
    return _seconds(start(problem["mechanism"], problem | {"bidders": ["buyer", "seller"]} | times), moves)


def _move(n: int, agent: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    at = f"2026-03-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"
    return {"n": n + 1, "agent": agent, "type": kind, "data": data, "at": at}


def _seconds(state: State, moves: list[dict[str, Any]]) -> float:
    began = time.process_time()
    for move in moves:
        state = advance(state, move)
    return time.process_time() - began


def growth() -> bool:
    """10,000 moves against 1,000: the median of five, both in this run."""
    good = True
    for name, spend in (("alternating_offers", offers), ("continuous_double_auction", orders)):
        ratios = [spend(10_000) / spend(1_000) for _ in range(5)]
        middle = sorted(ratios)[2]
        good &= middle <= BOUND
        print(
            f"{name}: 10,000 moves cost {middle:.1f} times 1,000 (bound {BOUND}); {10 * spend(1_000):.2f} s for 10,000"
        )
    return good


def instance(line: str) -> tuple[dict[str, Any], np.ndarray]:
    """The haggle of one line, and the utilities (2 x agreements) of all ways to share the items."""
    counts, one, other = ([int(n) for n in part.split(",")] for part in line.split())
    shares = np.array(list(product(*(range(count + 1) for count in counts))))
    utilities = np.array([shares @ np.array(one), (np.array(counts) - shares) @ np.array(other)])
    issues = {f"i{i}": list(range(count + 1)) for i, count in enumerate(counts)}
    parties = {}
    for name, worth in (("ann", one), ("bob", other)):
        values = {f"i{i}": {str(n): n if name == "ann" else c - n for n in range(c + 1)} for i, c in enumerate(counts)}
        weights = {f"i{i}": w for i, w in enumerate(worth)}
        own = {"weights": weights, "values": values, "reservation": RESERVATION, "discount": DISCOUNT}
        parties[name] = own
    return {"mechanism": "alternating_offers", "issues": issues, "parties": parties}, utilities


def judged(
    problem: dict[str, Any], utilities: np.ndarray, pair: dict[str, Haggler]
) -> tuple[float, float, float, bool]:
    """Whether they agreed, the share of the greatest sum, the distance to Nash's point, and whether both gained."""
    outcome = play(start("alternating_offers", problem, {"rounds": ROUNDS, "first": "ann"}), pair).outcome
    front = utilities[:, pareto_front(utilities)]
    gains = np.clip(front - RESERVATION, 0, None)
    nash = front[:, int(np.argmax(gains[0] * gains[1]))]
    best = max(utilities.sum(0).max(), 2 * RESERVATION)
    if outcome.status != "cleared":
        got = np.array([RESERVATION, RESERVATION])
    else:
        got = np.array([_worth(problem["parties"][name], outcome.agreement) for name in ("ann", "bob")])
    rational = bool((got >= RESERVATION).all())
    return float(outcome.status == "cleared"), float(got.sum() / best), float(np.hypot(*(got - nash))), rational


def _worth(party: dict[str, Any], agreement: dict[str, Any]) -> float:
    return float(sum(party["weights"][i] * party["values"][i][str(n)] for i, n in agreement.items()))


def table(lines: list[str]) -> bool:
    """Every pair over all instances."""
    print("\n| first | second | deals | welfare of the best | distance to Nash |\n| --- | --- | --- | --- | --- |")
    problems = [instance(line) for line in lines]
    good = True
    for one, ann in AGENTS.items():
        for other, bob in AGENTS.items():
            found = np.array([judged(problem, utilities, {"ann": ann, "bob": bob}) for problem, utilities in problems])
            deals, welfare, distance, rational = found.mean(0)
            good &= rational == 1
            print(f"| {one} | {other} | {deals:.1%} | {welfare:.1%} | {distance:.2f} |")
    print(f"\nSeed {SEED!r}, {len(lines)} instances, {ROUNDS} rounds, reservation {RESERVATION} of 10 each; every deal")
    print(f"individually rational: {good}. Utilities are those of the agreement, before the discount of {DISCOUNT}.")
    return good


def main() -> int:
    """Both; non-zero where the bound is missed or a deal is worse than none."""
    good = growth()
    folder = os.environ.get("WALRAS_DATA")
    if not folder:
        print("WALRAS_DATA names no folder: the 1,000 instances were not played.")
        return 1
    file = Path(folder) / "openspiel-bargaining" / "bargaining_instances1000.txt"
    return 0 if table(file.read_text().splitlines()) and good else 1


if __name__ == "__main__":
    sys.exit(main())
