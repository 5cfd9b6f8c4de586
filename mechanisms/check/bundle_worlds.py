"""Small sales of bundles for the audit, what an agent could lie in them, and what it truly has from what it gets."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.bids import Atom, Bid
from mechanisms.spec import Spec
from mechanisms.types import Outcome, Problem

MOST_LIES = 16
RUIN = -(10**6)


def draw(spec: Spec, rng: Random, params: dict[str, Any], assumes: Collection[str]) -> dict[str, Any]:
    """A problem document of two or three lots and a few agents, half of them with values that tie."""
    lots = ["A", "B", "C"][: rng.choice([2, 2, 3])]
    top = rng.choice([2, 4, 12, 100])
    side = {"lots": lots, "top": top, "budgets": "no_binding_budget" not in assumes}
    buys = params.get("direction") == "buy"
    if spec.sides == "two":
        bids = [_bid(rng, f"b{i}", 1, side) for i in range(rng.randint(1, 3))]
        cheaper = {**side, "top": top // 2}
        bids += [_bid(rng, f"s{i}", -1, cheaper) for i in range(rng.randint(1, 3))]
        made: list[dict[str, Any]] = [{"id": lot} for lot in lots]
    else:
        bids = [_bid(rng, f"a{i}", -1 if buys else 1, side) for i in range(rng.randint(0, 4))]
        reserves = [rng.randint(1, 2 * top) if buys else rng.choice([0, 0, rng.randint(0, top)]) for _ in lots]
        made = [
            {"id": lot, "supply": rng.choice([1, 1, 1, 2]), "reserve": reserve, "seller": "owner", "buyer": "owner"}
            for lot, reserve in zip(lots, reserves, strict=True)
        ]
    head = {"mechanism": spec.slug, "params": params, "seed": f"{rng.getrandbits(16):04x}"}
    return {**head, "currency": "USD", "exponent": 2, "lots": made, "bids": bids}


def _bid(rng: Random, agent: str, sign: int, side: dict[str, Any]) -> dict[str, Any]:
    """One or two bundles; what goes together may be worth more together, or nothing apart."""
    worth: dict[tuple[str, ...], int] = {}
    for _ in range(rng.choice([1, 1, 2])):
        bundle = tuple(sorted(rng.sample(side["lots"], rng.randint(1, min(2, len(side["lots"]))))))
        worth[bundle] = sum(rng.randint(0, side["top"]) for _ in bundle) + (len(bundle) > 1) * rng.randint(
            0, side["top"]
        )
    atoms = [{"bundle": dict.fromkeys(bundle, sign), "value": sign * value} for bundle, value in worth.items()]
    bid: dict[str, Any] = {"agent": agent, "atoms": atoms}
    if side["budgets"] and sign > 0 and rng.random() < 0.4:
        bid["budget"] = rng.randint(0, side["top"])
    return bid


def lies(problem: Problem, bid: Bid, rng: Random) -> Iterator[Bid]:
    """To stay away; and a sample of other values for its atoms, near what others say, and of fewer or more atoms."""
    yield replace(bid, atoms=(), budget=None)
    marks = {abs(atom.value) for other in problem.bids for atom in other.atoms or ()} | {
        lot.reserve for lot in problem.lots
    }
    sums = {one + other for one in marks for other in marks} | {abs(one - other) for one in marks for other in marks}
    values = sorted({max(0, mark + shift) for mark in marks | sums for shift in (-1, 0, 1)})
    for _ in range(MOST_LIES):
        yield replace(bid, atoms=tuple(_changed(atom, rng, values) for atom in bid.atoms or ()), budget=None)


def _changed(atom: Atom, rng: Random, values: list[int]) -> Atom:
    if rng.random() < 0.3:
        return atom
    sign = 1 if max(atom.bundle.values()) > 0 else -1
    return replace(atom, value=sign * rng.choice(values))


def false_names(problem: Problem, bid: Bid, rng: Random) -> Iterator[tuple[Bid, Bid]]:
    """Each lot of its bundles asked for under another name, at any of the values that were said."""
    values = sorted({abs(atom.value) for other in problem.bids for atom in other.atoms or ()} | {0})
    wanted = sorted(
        {(lot, 1 if quantity > 0 else -1) for atom in bid.atoms or () for lot, quantity in atom.bundle.items()}
    )
    for _ in range(MOST_LIES):
        pair = [rng.choice(wanted), rng.choice(wanted)]
        one, two = (Atom({lot: sign}, sign * rng.choice(values)) for lot, sign in pair)
        yield replace(bid, atoms=(one,), budget=None), Bid("zz", atoms=(two,))


def worth(outcome: Outcome, truth: Bid, names: tuple[str, ...]) -> int:
    """The best of the agent's true atoms that what it got covers; a ruin where it sold what it does not have."""
    got: dict[str, int] = {}
    for award in outcome.awards:
        if award.agent in names:
            for lot, quantity in award.bundle.items():
                got[lot] = got.get(lot, 0) + quantity
    nothing = Atom({}, 0)
    covered = [
        atom.value
        for atom in (*(truth.atoms or ()), nothing)
        if all(got.get(lot, 0) >= atom.bundle.get(lot, 0) for lot in got.keys() | atom.bundle.keys())
    ]
    return max(covered, default=RUIN)


def shared(problem: Problem, truth: Bid, names: tuple[str, ...]) -> Bid:
    """The truth where a unit is worth what all were told on average about it."""
    said = [bid for bid in problem.bids if bid.agent not in names] + [truth]
    units = sum(abs(n) for bid in said for atom in bid.atoms or () for n in atom.bundle.values())
    each = sum(abs(atom.value) for bid in said for atom in bid.atoms or ()) // max(1, units)
    atoms = tuple(replace(atom, value=each * sum(atom.bundle.values())) for atom in truth.atoms or ())
    return replace(truth, atoms=atoms, budget=None)
