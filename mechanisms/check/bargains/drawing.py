"""Random bargains for the audit: two to five parties, half of them full of ties."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Any

from msgspec.structs import replace

from mechanisms.bargaining.types import Bargain
from mechanisms.spec import Spec


def draw(spec: Spec, rng: Random, params: dict[str, Any], assumes: Collection[str]) -> dict[str, Any]:
    """A problem as JSON values; `two_parties` among `assumes` is respected, as is what the definition is made for."""
    pair = "two_parties" in assumes or params.get("definition") == "closest_ratio"
    parties = [f"p{i}" for i in range(2 if pair else rng.choice([2, 2, 3, 3, 4, 5]))]
    kept = {name: weight for name, weight in params.get("weights", {}).items() if name in parties}
    settled = {**params, "weights": kept} if "weights" in params else params
    head = {"mechanism": spec.slug, "params": settled, "seed": f"{rng.getrandbits(16):04x}"}
    top = rng.choice([2, 3, 10, 100])
    chance = rng.random()
    if params.get("definition") == "ray" or (chance < 0.15 and params.get("definition") != "closest_ratio"):
        return head | _resources(rng, parties, top)
    if params.get("definition") == "closest_ratio":  # its ratios need utilities above 0
        return head | _listed(rng, parties, top, low=1)
    if params.get("convexify"):
        return head | _listed(rng, parties, top, charges=False)
    return head | (_domain(rng, parties, top) if chance < 0.4 else _listed(rng, parties, top))


def _listed(rng: Random, parties: list[str], top: int, low: int = 0, *, charges: bool = True) -> dict[str, Any]:
    stated = {name: rng.choice([0, 0, 1, 3 * low]) for name in parties}
    agreements: list[dict[str, Any]] = [
        {"id": f"a{i}", "utilities": {name: low + rng.randint(0, top) + rng.choice([0, 0, 0.5]) for name in parties}}
        for i in range(rng.randint(1, 8))
    ]
    if charges and rng.random() < 0.3:
        for agreement in agreements:
            agreement["charges"] = [{"payer": parties[0], "payee": parties[1], "amount": rng.randint(1, top)}]
    return {"agreements": agreements, "disagreement": stated}


def _domain(rng: Random, parties: list[str], top: int) -> dict[str, Any]:
    issues: dict[str, list[Any]] = {"price": [0, 5, 10], "colour": ["red", "green"]}
    body: dict[str, Any] = {"issues": issues, "parties": {}}
    for name in parties:
        values = {issue: {str(value): rng.randint(0, top) / 4 for value in own} for issue, own in issues.items()}
        weights = {issue: rng.randint(0, 10) / 10 for issue in issues}
        body["parties"][name] = {"weights": weights, "values": values, "reservation": rng.choice([0, 0.25])}
    if rng.random() < 0.5:
        body["transfers"] = [{"issue": "price", "payer": parties[1], "payee": parties[0]}]
    return body


def _resources(rng: Random, parties: list[str], top: int) -> dict[str, Any]:
    resources = {"pie": rng.randint(1, min(top, 6)), "cake": rng.choice([1, 2.5])}
    body: dict[str, Any] = {"resources": resources, "parties": {}}
    for name in parties:
        wanted = rng.choice([["pie"], ["cake"], ["cake", "pie"]])
        terms = [_term(rng, resource) for resource in wanted]
        body["parties"][name] = {"terms": terms, "disagreement": rng.choice([0, 0, 0.1])}
    return body


def _term(rng: Random, resource: str) -> dict[str, Any]:
    kind = rng.choice(["linear", "log", "exponential", "piecewise", "power"])
    if kind == "piecewise":
        return {"resource": resource, "kind": kind, "points": [[0, 0], [0.5, rng.choice([1, 2])], [4, 3]]}
    term = {"resource": resource, "kind": kind, "coefficient": rng.choice([1, 2, 0.5])}
    if kind == "power":
        term["exponent"] = rng.choice([0.25, 0.5, 1])
    return term


def shuffled(problem: Bargain, rng: Random) -> Bargain:
    """The same problem written in another order."""
    agreements = list(problem.agreements)
    rng.shuffle(agreements)
    parties = list(problem.parties.items())
    rng.shuffle(parties)
    return replace(problem, agreements=tuple(agreements), parties=dict(parties))
