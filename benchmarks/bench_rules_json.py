"""A million bids from a problem file to the cleared arrays, against parsing the same bytes."""

from __future__ import annotations

import json
import sys

import msgspec
import numpy as np
from measuring_mechanisms import by_turns, heading, report

from mechanisms import read_columns, run_arrays

BIDS = 1_000_000


def problem_file() -> bytes:
    """A double auction with one step per agent."""
    rng = np.random.default_rng(1)
    quantity = (rng.integers(1, 100, BIDS) * np.where(rng.random(BIDS) < 0.5, 1, -1)).tolist()
    price = rng.integers(0, 1_000_000, BIDS).tolist()
    bids = [
        {"agent": f"agent-{i}", "steps": [{"lot": "X", "quantity": q, "price": p}]}
        for i, (q, p) in enumerate(zip(quantity, price, strict=True))
    ]
    head = {"mechanism": "double_auction", "currency": "USD", "exponent": 2, "lots": [{"id": "X"}]}
    return json.dumps({**head, "bids": bids}).encode()


def cleared(raw: bytes) -> object:
    """Read strictly, and clear."""
    bulk = read_columns(raw)
    return run_arrays(bulk.mechanism, bulk.columns, bulk.params, bulk.seed)


def main() -> int:
    """Print the ratio to the fastest parser we know, and to the standard library's; 1 where the first is beyond 3."""
    raw = problem_file()
    heading(f"{BIDS:,} bids in a JSON file of {len(raw) / 1e6:.0f} MB, read strictly and cleared")
    assert cleared(raw).status == "cleared"
    good = report(
        "double_auction",
        by_turns(lambda: cleared(raw), lambda: msgspec.json.decode(raw), runs=3),
        "msgspec.json.decode",
        3,
    )
    report("double_auction", by_turns(lambda: cleared(raw), lambda: json.loads(raw), runs=3), "json.loads         ", 3)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
