"""Random problems for the audit: small, half of them full of ties or near-ties, within a claim's assumptions."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Any

from mechanisms.check import bundle_worlds
from mechanisms.check.cases import kind_module
from mechanisms.claims import Claim
from mechanisms.engine import prepare, prepare_any
from mechanisms.errors import ProblemError
from mechanisms.spec import Spec


def random_params(spec: Spec, rng: Random) -> dict[str, Any]:
    """Parameters drawn from the examples and choices that the model's own schema names."""
    for _ in range(1000):
        drawn = _drawn(spec, rng)
        if _fitting(spec, drawn):
            return drawn
    raise ValueError(f"{spec.slug}: the examples of its parameters do not fit together")


def _drawn(spec: Spec, rng: Random) -> dict[str, Any]:
    drawn = {}
    for name, field in spec.params.model_json_schema()["properties"].items() if spec.params.model_fields else ():
        choices = field.get("examples") or field.get("enum")
        if choices:
            drawn[name] = rng.choice(choices)
    return drawn


def _fitting(spec: Spec, drawn: dict[str, Any]) -> bool:
    try:
        spec.read_params(drawn)
    except ProblemError:
        return False
    return True


def params_for(spec: Spec, claim: Claim, rng: Random) -> dict[str, Any]:
    """Random parameters under which this very claim is the one that applies."""
    for _ in range(1000):
        drawn = random_params(spec, rng)
        applied = spec.claim(claim.name, drawn)
        # A rule may say twice of the same parameters what it promises: with an assumption, and without it.
        if applied.when == claim.when and applied.status != "not_applicable":
            return drawn
    raise ValueError(f"{spec.slug}: no drawn parameters fit the claim {claim}")


def generate(
    spec: Spec, rng: Random, params: dict[str, Any], assumes: Collection[str] = (), *, atoms: bool = False
) -> Any:
    """One problem of the rule, of its kind; of `assumes`, what concerns single bids is respected.

    With `atoms`, some bids on a single side say the same in atoms, where the rule takes them.
    """
    if spec.kind != "auction":
        return prepare_any(spec, kind_module(spec.kind).draw(spec, rng, params, assumes))
    if spec.bundles and "steps" not in spec.languages:
        return prepare(spec, bundle_worlds.draw(spec, rng, params, assumes))
    top = rng.choice([2, 4, 4, 10, 100])
    low = rng.choice([0, 0, 50])
    lot = _lot(spec, rng, params, low, top)
    draw: dict[str, Any] = {
        "atoms": atoms and "atoms" in spec.languages,
        "rng": rng,
        "low": low,
        "top": top,
        "budgets": "no_binding_budget" not in assumes,
    }
    if spec.sides == "two":
        bids = [_bid(f"b{i}", 1, "unit_demand" not in assumes, draw) for i in range(rng.randint(0, 4))]
        bids += [_bid(f"s{i}", -1, "unit_supply" not in assumes, draw) for i in range(rng.randint(0, 4))]
    else:
        sign = -1 if params.get("direction") == "buy" else 1
        several = not spec.unit_bids and not spec.unit_supply and "unit_demand" not in assumes
        bids = [_bid(f"a{i}", sign, several, draw) for i in range(rng.randint(0, 5))]
    head = {"mechanism": spec.slug, "params": params, "seed": f"{rng.getrandbits(16):04x}"}
    return prepare(spec, {**head, "currency": "USD", "exponent": 2, "lots": [lot], "bids": bids})


def _lot(spec: Spec, rng: Random, params: dict[str, Any], low: int, top: int) -> dict[str, Any]:
    if spec.sides == "two":
        return {"id": "X"}
    supply = len(params["clicks"]) if "clicks" in params else 1 if spec.unit_supply else rng.randint(1, 4)
    if params.get("direction") == "buy":
        return {"id": "X", "supply": supply, "reserve": low + rng.randint(1, top + 1), "buyer": "owner"}
    return {"id": "X", "supply": supply, "reserve": rng.choice([0, 0, low + rng.randint(0, top)]), "seller": "owner"}


def _bid(agent: str, sign: int, several: bool, draw: dict[str, Any]) -> dict[str, Any]:
    rng: Random = draw["rng"]
    pieces = rng.randint(1, 2) if several else 1
    prices = sorted((draw["low"] + rng.randint(0, draw["top"]) for _ in range(pieces)), reverse=sign > 0)
    most = 2 if several else 1
    steps = [{"lot": "X", "quantity": sign * rng.randint(1, most), "price": price} for price in prices]
    bid: dict[str, Any] = {"agent": agent, "steps": steps}
    if draw["atoms"] and rng.random() < 0.4:
        del bid["steps"]
        bid["atoms"] = _as_atoms(steps, sign)
    if draw["budgets"] and sign > 0 and rng.random() < 0.3:
        bid["budget"] = rng.randint(0, 2 * (draw["low"] + draw["top"]))
    return bid


def _as_atoms(steps: list[dict[str, Any]], sign: int) -> list[dict[str, Any]]:
    """The same curve as XOR atoms on 1, 2, ... n units."""
    prices = [step["price"] for step in steps for _ in range(abs(step["quantity"]))]
    sums = [sum(prices[:count]) for count in range(1, len(prices) + 1)]
    return [{"bundle": {"X": sign * count}, "value": sign * total} for count, total in enumerate(sums, start=1)]
