"""A search tree as JSON values that anybody can check in integers, without a solver."""

from __future__ import annotations

from typing import Any

from mechanisms.solve.bound import SHIFT
from mechanisms.solve.winners import Proven


def proof_of(found: Proven, rows: int) -> dict[str, Any] | None:
    """The proof that nothing is worth more than `found`, None where only a solver says so.

    `nodes` stand in the order of the search, each `[passes, column, first]`: multipliers `[[row, price << shift], ...]`
    by which columns are settled one pass after another, then the column branched on (-1: closed) and the value of the
    branch that follows at once. Rows count lots, then agents with several atoms, then `cliques` (sets of columns that
    exclude each other pairwise).
    """
    if found.grade != "exact":
        return None
    used = sorted({row for step in found.steps for prices in step.passes for row in prices if row >= rows})
    name = {row: rows + place for place, row in enumerate(used)}
    return {
        "shift": SHIFT,
        "cliques": [found.pool[row - rows].columns.tolist() for row in used],
        "nodes": [
            [
                [[[name.get(row, row), price] for row, price in prices.items()] for prices in step.passes],
                step.branch,
                step.first,
            ]
            for step in found.steps
        ],
    }


def size_of(proof: dict[str, Any] | None) -> int:
    """How many multipliers a proof has."""
    return sum(len(prices) for passes, _, _ in proof["nodes"] for prices in passes) if proof else 0
