"""Generated bargains over resources, and what each rule makes of one."""

from __future__ import annotations

from random import Random
from typing import Any

from mechanisms import read_problem, run
from mechanisms.check import verify

RULES = [
    ("nash_bargaining", {}),
    ("kalai_smorodinsky", {}),
    ("kalai_smorodinsky", {"definition": "ray"}),
    ("egalitarian_bargaining", {}),
    ("utilitarian_bargaining", {}),
    ("utilitarian_bargaining", {"individually_rational": False}),
]


def term(rng: Random, resource: str) -> dict[str, Any]:
    kind = rng.choice(["linear", "log", "exponential", "power", "piecewise"])
    if kind == "piecewise":
        flat = rng.choice([[], [[9, 3]]])
        return {"resource": resource, "kind": kind, "points": [[0, 0], [0.5, rng.choice([1, 2])], [4, 3], *flat]}
    made: dict[str, Any] = {"resource": resource, "kind": kind, "coefficient": rng.choice([1, 2, 0.5])}
    if kind == "power":
        made["exponent"] = rng.choice([0.25, 0.5, 0.9, 1])
    if kind in ("log", "exponential"):
        made["rate"] = rng.choice([1, 2])
    return made


def drawn(seed: int) -> dict[str, Any]:
    """Two to twelve parties over one to four resources, all kinds of terms beside each other, powers too."""
    rng = Random(seed)
    resources = {f"r{i}": rng.choice([1, 2, 3.5, 0]) for i in range(rng.choice([1, 2, 3, 4]))} | {"r0": 1}
    parties = {}
    for index in range(rng.choice([2, 2, 3, 3, 4, 5, 8, 12])):
        wanted = rng.sample(sorted(resources), rng.randint(1, len(resources)))
        terms = [term(rng, resource) for resource in wanted]
        parties[f"p{index:02}"] = {"terms": terms, "disagreement": rng.choice([0, 0, 0, 0.1, -1, 0.3])}
    return {"resources": resources, "parties": parties}


def statuses(sets: dict[str, Any]) -> list[str]:
    """What each of the rules reached; whatever is stated must hold."""
    reached = []
    for slug, params in RULES:
        problem = read_problem({"mechanism": slug, "params": params, **sets})
        outcome = run(slug, problem)
        assert verify(problem, outcome) == [], (sets, slug, params)
        reached.append(outcome.status)
    return reached
