"""Bids made up for a draft's lots: plausible, seeded, so that an operator sees the rule at work before it opens."""

from collections.abc import Sequence
from random import Random
from typing import Any

from mechanisms.registry import Spec

BIDDERS = 8
MOST_BUNDLES = 6


def sample_bids(spec: Spec, lots: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Bids of some bidders on these lots (as problem files write them); the same seed, the same bids.

    Worths lie between three quarters of a lot's reserve (or of 5,000 units) and three times it; a bundle is worth up
    to a third more than its parts.
    """
    rng = Random(seed)
    if spec.sides == "two":
        return _traders(lots, rng, atoms="steps" not in spec.languages)
    if spec.bundles and len(lots) > 1:
        return [_xor(f"bidder {n + 1}", lots, rng) for n in range(BIDDERS)]
    if "atoms" in spec.languages and (spec.unit_supply or "steps" not in spec.languages):
        return [_one(f"bidder {n + 1}", lots, rng) for n in range(BIDDERS)]
    most = 1 if spec.unit_bids else 3
    return [_steps(f"bidder {n + 1}", lots, rng, most) for n in range(BIDDERS)]


def _worth(lot: dict[str, Any], rng: Random) -> int:
    base = lot.get("reserve") or 5_000
    return rng.randint(base * 3 // 4, base * 3)


def _one(name: str, lots: Sequence[dict[str, Any]], rng: Random) -> dict[str, Any]:
    chosen = rng.choice(lots)
    return {"agent": name, "atoms": [{"bundle": {chosen["id"]: 1}, "value": _worth(chosen, rng)}]}


def _steps(name: str, lots: Sequence[dict[str, Any]], rng: Random, most: int) -> dict[str, Any]:
    chosen = rng.choice(lots)
    top = _worth(chosen, rng)
    prices = [top * (10 - 2 * index) // 10 for index in range(rng.randint(1, most))]
    return {"agent": name, "steps": [{"lot": chosen["id"], "quantity": 1, "price": price} for price in prices]}


def _xor(name: str, lots: Sequence[dict[str, Any]], rng: Random) -> dict[str, Any]:
    worth = {lot["id"]: _worth(lot, rng) for lot in lots}
    atoms = {}
    for _ in range(MOST_BUNDLES):
        chosen = tuple(sorted(rng.sample(sorted(worth), rng.randint(1, min(3, len(worth))))))
        more = 100 + rng.randint(0, 33) * (len(chosen) > 1)
        atoms[chosen] = sum(worth[lot] for lot in chosen) * more // 100
    return {
        "agent": name,
        "atoms": [{"bundle": dict.fromkeys(bundle, 1), "value": value} for bundle, value in atoms.items()],
    }


def _traders(lots: Sequence[dict[str, Any]], rng: Random, *, atoms: bool) -> list[dict[str, Any]]:
    """Buyers and sellers of one unit each, by turns."""
    bids: list[dict[str, Any]] = []
    for n in range(BIDDERS):
        side, sign = ("buyer", 1) if n % 2 else ("seller", -1)
        lot = rng.choice(lots)
        name, price = f"{side} {n // 2 + 1}", _worth(lot, rng)
        atom = {"bundle": {lot["id"]: sign}, "value": sign * price}
        step = {"lot": lot["id"], "quantity": sign, "price": price}
        bids.append({"agent": name, "atoms": [atom]} if atoms else {"agent": name, "steps": [step]})
    return bids
