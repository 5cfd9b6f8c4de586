"""VCG on large CATS-like sales, against bare HiGHS on the same problems, which is stopped at 300 s.

`paths` of 100 goods and 1,000 bids, five printed seeds: kept where at least four are proven within a quarter of the
peer's time; what is unproven is missed. Then 128 goods and 500 bids of each kind, to the end: every payment must be
proven by bounds in integers, which takes `arbitrary` minutes. With --only paths | kinds, one of the two.
"""

from __future__ import annotations

import sys
from typing import Any

from bench_bundles_vcg import SLOWEST_PEER, Peer, agree, bare_highs, seconds
from cats_like import KINDS, cats_like
from measuring_mechanisms import heading

from mechanisms import Problem, run

SEEDS, LEAST, SHARE = 5, 4, 0.25


def within(seed: int) -> bool:
    """Whether this seed is proven in time; the gains must be the peer's where it ends."""
    outcome, mine, theirs = both(Problem.from_json(cats_like("paths", 100, 1000, seed)), f"seed {seed}")
    return outcome.status == "cleared" and mine <= SHARE * theirs


def both(problem: Problem, name: str) -> tuple[Any, float, float]:
    """Our outcome and both times, printed."""
    mine, outcome = seconds(lambda: run("vcg", problem))
    peer = Peer(problem, bare_highs)
    theirs, gains = seconds(lambda: peer.vcg(SLOWEST_PEER))
    assert gains is None or agree(outcome, gains)
    solves = 1 + len(outcome.awards)
    told = f"{mine:7.2f} s, {solves} solves, {'exact' if by_bounds(outcome) else outcome.status}"
    stopped = "" if gains is not None else f" for {peer.solved} of them, by solve"
    ratio = mine / solves / (theirs / peer.solved) if stopped else mine / theirs
    print(f"{name:10} {told}   bare HiGHS {theirs:7.2f} s{stopped}   ratio {ratio:.2f}", flush=True)
    return outcome, mine, theirs


def by_bounds(outcome: Any) -> bool:
    """Whether integers prove every solve, be the proofs carried or too long for that."""
    return outcome.certificate.get("grade") == "exact" or "proofs_left_out" in outcome.certificate


def large_paths() -> bool:
    """Whether enough seeds are proven within the share."""
    kept = sum(map(within, range(SEEDS)))
    print(f"within {SHARE} of the peer's time: {kept} of {SEEDS} (at least {LEAST})")
    return kept >= LEAST


def large_kinds() -> bool:
    """Whether 128 goods and 500 bids of each kind come to their end, proven."""
    proven = [by_bounds(both(Problem.from_json(cats_like(kind, 128, 500, 0)), kind)[0]) for kind in KINDS]
    print(f"128 goods, 500 bids: proven to the end {sum(proven)} of {len(KINDS)} kinds")
    return all(proven)


def main(arguments: list[str]) -> int:
    """0 where the bounds are kept."""
    heading("VCG on large sales, processor seconds on one core, both sides on one thread")
    run("vcg", cats_like("regions", 9, 9, 0))  # imports and first calls
    parts = {"paths": large_paths, "kinds": large_kinds}
    only = [arguments[arguments.index("--only") + 1]] if "--only" in arguments else list(parts)
    kept = [parts[name]() for name in only]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
