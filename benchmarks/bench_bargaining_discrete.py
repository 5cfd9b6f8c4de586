"""Nash and Kalai-Smorodinsky points of a million agreements, against one pass of numpy.max over the same matrix."""

from __future__ import annotations

import sys

import numpy as np
from measuring_mechanisms import by_turns, heading, report

from mechanisms.bargaining import leximin_rows, nash_rows

AGREEMENTS, SEED = 1_000_000, 5


def nash(gain: np.ndarray) -> np.ndarray:
    """All agreements with the greatest product, exactly."""
    return nash_rows(gain)


def kalai_smorodinsky(gain: np.ndarray) -> np.ndarray:
    """Ideals, then the leximin of gains over them, exactly."""
    return leximin_rows(gain, [int(own.max()) for own in gain])


def main() -> int:
    """Print both ratios; 1 where one is beyond 15 or 30."""
    gain = np.random.default_rng(SEED).integers(0, 10**9, (2, AGREEMENTS))
    heading(f"{AGREEMENTS:,} agreements x 2 parties, int64 gains, seed {SEED}")
    good = report("nash_bargaining", by_turns(lambda: nash(gain), lambda: gain.max(), runs=11), "numpy.max", 15)
    times = by_turns(lambda: kalai_smorodinsky(gain), lambda: gain.max(), runs=11)
    return 0 if report("kalai_smorodinsky", times, "numpy.max", 30) and good else 1


if __name__ == "__main__":
    sys.exit(main())
