"""A million bids through `run_arrays`, against numpy's own max and sort of the same column."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
from measuring_mechanisms import by_turns, heading, report

from mechanisms import Columns, run_arrays
from mechanisms.types import Lot

BIDS = 1_000_000


def written_out(single: Columns) -> object:
    """A single winner's columns are zeros but for one row, and written only when read: the same with them written."""
    arrays = run_arrays("second_price", single)
    return arrays.filled, arrays.payment


def main() -> int:
    """Print the three ratios; 1 where one is beyond its bound."""
    heading(f"{BIDS:,} bids as int64 columns")
    rng = np.random.default_rng(1)
    agent, price = np.arange(BIDS), rng.integers(0, 1_000_000, BIDS)
    quantity = rng.integers(1, 100, BIDS)
    signed = quantity * np.where(rng.random(BIDS) < 0.5, 1, -1)
    single = Columns(agent, quantity, price)
    units = Columns(agent, quantity, price, Lot("X", supply=int(quantity.sum()) // 3))
    exchange = Columns(agent, signed, price)
    for columns, slug in ((single, "second_price"), (units, "uniform_price"), (exchange, "double_auction")):
        assert run_arrays(slug, columns).status == "cleared"  # warm, and right
    by_max = partial(by_turns, peer=lambda: np.max(price), runs=60)
    by_sort = partial(by_turns, peer=lambda: np.sort(price))
    good = [
        report("second_price", by_max(lambda: run_arrays("second_price", single)), "numpy.max ", 4),
        report("second_price, written", by_max(lambda: written_out(single)), "numpy.max ", np.inf),
        report("uniform_price", by_sort(lambda: run_arrays("uniform_price", units)), "numpy.sort", 3),
        report("double_auction", by_sort(lambda: run_arrays("double_auction", exchange)), "numpy.sort", 8),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
