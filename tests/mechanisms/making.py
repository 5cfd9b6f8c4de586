"""Short ways to write problems in these tests."""

from __future__ import annotations

from typing import Any

from mechanisms import Problem


def problem(mechanism: str, bids: list[dict[str, Any]], *, lots: Any = None, **more: Any) -> Problem:
    """A problem in cents of dollars over one lot X unless lots are given."""
    lots = lots or [
        {"id": "X", "seller": "s"} if "double" not in mechanism and "trade" not in mechanism else {"id": "X"}
    ]
    data = {"mechanism": mechanism, "currency": "USD", "exponent": 2, "lots": lots, "bids": bids, **more}
    return Problem.from_json(data)


def atom(agent: str, value: int, lot: str = "X", **more: Any) -> dict[str, Any]:
    """One unit for a value; a negative value sells it."""
    return {"agent": agent, "atoms": [{"bundle": {lot: 1 if value >= 0 else -1}, "value": value}], **more}


def steps(agent: str, *pairs: tuple[int, int], lot: str = "X", **more: Any) -> dict[str, Any]:
    """(quantity, price) pairs; negative quantities offer."""
    return {"agent": agent, "steps": [{"lot": lot, "quantity": q, "price": p} for q, p in pairs], **more}


def exchange(buys: list[tuple[int, int]], sells: list[tuple[int, int]], **more: Any) -> Problem:
    """A double auction: buyers b0, b1 ... and sellers s0, s1 ... with one (quantity, price) each."""
    bids = [steps(f"b{i}", pair) for i, pair in enumerate(buys)]
    bids += [steps(f"s{i}", (-q, p)) for i, (q, p) in enumerate(sells)]
    return problem(more.pop("mechanism", "double_auction"), bids, **more)
