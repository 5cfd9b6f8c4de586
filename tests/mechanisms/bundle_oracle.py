"""Every allocation of a small problem tried one by one: what the rules for bundles must find, without their code."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any, NamedTuple

import numpy as np

Atoms = list[tuple[dict[str, int], int]]


class Best(NamedTuple):
    """The greatest welfare, and who gets which atom in the allocation that the tie rule favours."""

    welfare: int
    choice: dict[str, tuple[dict[str, int], int] | None]


def stated(problem: dict[str, Any]) -> dict[str, Atoms]:
    """Each agent's atoms after its budget."""
    return {
        bid["agent"]: [(a["bundle"], min(a["value"], bid.get("budget", a["value"]))) for a in bid["atoms"]]
        for bid in problem["bids"]
    }


def supplies(problem: dict[str, Any], two_sided: bool) -> dict[str, int]:
    return {lot["id"]: 0 if two_sided else lot.get("supply", 1) for lot in problem["lots"]}


def feasible(problem: dict[str, Any], chosen: list, two_sided: bool) -> bool:
    left = supplies(problem, two_sided)
    sign = -1 if problem["params"].get("direction") == "buy" else 1
    for atom in chosen:
        for lot, quantity in (atom[0] if atom else {}).items():
            left[lot] -= sign * quantity
    return min(left.values()) >= 0


def worth(problem: dict[str, Any], chosen: list, two_sided: bool) -> int:
    """Values minus the reserves of what is handed out."""
    reserve = {lot["id"]: 0 if two_sided else lot.get("reserve", 0) for lot in problem["lots"]}
    return sum(value - sum(reserve[lot] * q for lot, q in bundle.items()) for bundle, value in filter(None, chosen))


def best(problem: dict[str, Any], *, without: str = "", two_sided: bool = False) -> Best:
    """All allocations; of equals the one that favours agents in order of priority."""
    atoms = {agent: own for agent, own in stated(problem).items() if agent != without}
    seed = bytes.fromhex(problem.get("seed", "00"))
    order = sorted(atoms, key=lambda agent: hashlib.sha256(seed + b"\x00" + agent.encode()).digest())
    reserve = {lot["id"]: 0 if two_sided else lot.get("reserve", 0) for lot in problem["lots"]}
    sign = -1 if problem["params"].get("direction") == "buy" else 1
    options = [[priced(atom, reserve, sign) for atom in liking(atoms[agent])] for agent in order]
    top, found = -1, []

    def extend(chosen: list, left: dict[str, int], welfare: int) -> None:
        """In order of liking, so that the first of equals is the favoured one."""
        nonlocal top, found
        if not two_sided and min(left.values()) < 0:
            return
        if len(chosen) == len(order):
            if welfare > top and min(left.values()) >= 0:
                top, found = welfare, chosen
            return
        for atom, used, gain in options[len(chosen)]:
            extend([*chosen, atom], {lot: n - used.get(lot, 0) for lot, n in left.items()}, welfare + gain)

    extend([], supplies(problem, two_sided), 0)
    return Best(top, dict(zip(order, found, strict=True)))


def priced(atom: tuple[dict[str, int], int] | None, reserve: dict[str, int], sign: int) -> tuple:
    """The atom, what it takes of the supply, and its worth beyond the reserves."""
    bundle, value = atom or ({}, 0)
    used = {lot: sign * n for lot, n in bundle.items()}
    return atom, used, value - sum(reserve[lot] * n for lot, n in bundle.items())


def liking(own: Atoms) -> list:
    """Atoms by value, then the bundle; nothing is worth 0 and comes after all that are worth as much."""
    return sorted([*own, None], key=lambda a: (-a[1], 0, sorted(a[0].items())) if a else (0, 1, []))


def clarke(problem: dict[str, Any], *, two_sided: bool = False) -> dict[str, int]:
    """Payments of Vickrey, Clarke and Groves by definition."""
    top = best(problem, two_sided=two_sided)
    paid = {}
    for agent, atom in top.choice.items():
        rest = best(problem, without=agent, two_sided=two_sided).welfare
        paid[agent] = atom[1] - (top.welfare - rest) if atom else 0
    return paid


def blocked_by(problem: dict[str, Any], payments: dict[str, Fraction | int]) -> Fraction | int:
    """What the best coalition could have beyond what its members have; 0 or less in the core."""
    top = best(problem)
    gains = {agent: (atom[1] if atom else 0) - payments[agent] for agent, atom in top.choice.items()}
    owners = top.welfare - sum(gains.values())
    atoms = stated(problem)
    most: Fraction | int = 0
    for chosen in product(*([None, *own] for own in atoms.values())):
        if feasible(problem, list(chosen), False):
            members = sum(gains[agent] for agent, atom in zip(atoms, chosen, strict=True) if atom)
            most = max(most, worth(problem, list(chosen), False) - members - owners)
    return most


def core_constraints(problem: dict[str, Any]) -> tuple[list[str], Any, Any]:
    """rows·p >= least over the winners' payments: against every coalition with the owners, and p <= value."""
    top = best(problem)
    won = {agent: atom for agent, atom in sorted(top.choice.items()) if atom}
    reserve = {lot["id"]: lot.get("reserve", 0) for lot in problem["lots"]}
    kept = {agent: sum(reserve[lot] * q for lot, q in atom[0].items()) for agent, atom in won.items()}
    atoms = stated(problem)
    rows: dict[tuple, int] = {}
    for chosen in product(*([None, *own] for own in atoms.values())):
        if not feasible(problem, list(chosen), False):
            continue
        members = {agent for agent, atom in zip(atoms, chosen, strict=True) if atom}
        out = [agent for agent in won if agent not in members]
        least = worth(problem, list(chosen), False) - sum(won[a][1] - kept[a] for a in won if a in members)
        least += sum(kept[agent] for agent in out)
        row = tuple(int(agent in out) for agent in won)
        rows[row] = max(least, rows.get(row, least))
    for agent in won:
        rows[tuple(-int(agent == other) for other in won)] = -won[agent][1]
    return list(won), np.array(list(rows), float), np.array(list(rows.values()), float)


def exchange(rng: Random) -> dict[str, Any]:
    """Up to three buyers and three sellers of bundles; some do both."""
    lots = [f"L{i}" for i in range(rng.randint(1, 4))]
    base, spread = rng.choice([(0, 1000), (0, 2), (1_000_000, 1), (5, 3)])
    bids = [bid_of(rng, f"b{i}", lots, base, spread, False) for i in range(rng.randint(1, 3))]
    bids += [bid_of(rng, f"s{i}", lots, base, spread, True) for i in range(rng.randint(1, 3))]
    if len(lots) > 1:
        swap = {"bundle": {lots[0]: 1, lots[1]: -1}, "value": rng.randint(-spread, spread)}
        bids.append({"agent": "x", "atoms": [swap]})
    head = {"mechanism": "vcg_exchange", "params": {}, "seed": f"{rng.getrandbits(16):04x}"}
    return {**head, "currency": "USD", "exponent": 2, "lots": [{"id": lot} for lot in lots], "bids": bids}


def small(rng: Random, mechanism: str = "vcg", **params: Any) -> dict[str, Any]:
    """At most six bidders and six lots; half of the problems are full of ties or of values one unit apart."""
    lots = [f"L{i}" for i in range(rng.randint(1, 6))]
    base, spread = rng.choice([(0, 1000), (0, 1000), (0, 2), (1_000_000, 1), (10**11, 1), (5, 3)])
    buy = params.get("direction") == "buy"
    return {
        "mechanism": mechanism,
        "params": params,
        "seed": f"{rng.getrandbits(16):04x}",
        "currency": "USD",
        "exponent": 2,
        "lots": [lot_of(rng, lot, base, spread, buy) for lot in lots],
        "bids": [bid_of(rng, f"a{i}", lots, base, spread, buy) for i in range(rng.randint(1, 6))],
    }


def lot_of(rng: Random, lot: str, base: int, spread: int, buy: bool) -> dict[str, Any]:
    reserve = base + rng.randint(0, spread) + 1 if buy else rng.choice([0, 0, base + rng.randint(0, spread)])
    return {
        "id": lot,
        "supply": rng.choice([1, 1, 1, 2, 3]),
        "reserve": reserve,
        "seller": rng.choice("st"),
        "buyer": "m",
    }


def bid_of(rng: Random, agent: str, lots: list[str], base: int, spread: int, buy: bool) -> dict[str, Any]:
    found: dict[tuple, int] = {}
    for _ in range(rng.randint(1, 4)):
        bundle = {lot: rng.choice([1, 1, 2]) for lot in rng.sample(lots, rng.randint(1, min(3, len(lots))))}
        value = sum(q * (base + rng.randint(0, spread)) for q in bundle.values())
        found[tuple(sorted(bundle.items()))] = value
    sign = -1 if buy else 1
    atoms = [{"bundle": {lot: sign * q for lot, q in b}, "value": sign * v} for b, v in found.items()]
    bid: dict[str, Any] = {"agent": agent, "atoms": atoms}
    if not buy and rng.random() < 0.15:
        bid["budget"] = base + rng.randint(0, spread)
    return bid
