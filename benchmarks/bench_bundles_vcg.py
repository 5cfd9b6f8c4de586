"""VCG on CATS-like sales of 50 goods and 200 bids, against bare HiGHS on the same problems and cvxpy with its solver.

One core and one thread on each side, both exact: HiGHS at mip_rel_gap 0 and mip_abs_gap 0.5 (its default gap is wrong
on near-ties). Bare HiGHS and cvxpy rebuild each of the 1 + winners problems; cvxpy is stopped after 60 s and counted as
that. With --seeds N, other than five seeds; with --only highs | matrices | loops, one of the peers (the two last are
cvxpy's).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import highspy
import numpy as np
from cats_like import KINDS, cats_like
from measuring_mechanisms import heading

from mechanisms import Problem, run
from mechanisms.bundles import Sale
from mechanisms.engine import prepare
from mechanisms.registry import get

BOUND, WORST, SLOWEST_PEER, SLOWEST_CVXPY = 0.45, 0.9, 300.0, 60.0


class Peer:
    """The same 1 + winners problems, each built anew and given to a solver; stops when its time is up."""

    def __init__(self, problem: Problem, solve: Callable[[Any], list[int]]) -> None:
        spec = get("vcg")
        self.sale = Sale(prepare(spec, problem), spec.read_params({}))
        self.solve = solve
        self.solved = 0

    def vcg(self, stop_after: float = float("inf")) -> dict[str, int] | None:
        """What each winner gains (the same in all best allocations), None where time ran out."""
        start, packing, offers = time.process_time(), self.sale.packing, self.sale.offers
        chosen, gains = self.solve(packing), {}
        self.solved = 1
        for column in chosen:
            if time.process_time() - start > stop_after:
                return None
            agent = offers[column].agent
            part = packing.restricted(np.flatnonzero([offer.agent != agent for offer in offers]))
            gains[agent] = packing.worth(chosen) - part.worth(self.solve(part))
            self.solved += 1
        return gains


def bare_highs(packing: Any) -> list[int]:
    """What a user would write with highspy and arrays."""
    highs, model, n = highspy.Highs(), highspy.HighsLp(), packing.columns
    options = {"output_flag": False, "threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 0.5, "time_limit": SLOWEST_PEER}
    for name, value in options.items():
        highs.setOptionValue(name, value)
    model.num_col_, model.num_row_ = n, len(packing.room)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = packing.gain.astype(float)
    model.col_lower_, model.col_upper_ = np.zeros(n), np.ones(n)
    model.row_lower_, model.row_upper_ = np.full(len(packing.room), -np.inf), packing.room.astype(float)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = packing.start.astype(np.int32), packing.index.astype(np.int32)
    model.a_matrix_.value_ = packing.coef.astype(float)
    model.integrality_ = [highspy.HighsVarType.kInteger] * n
    highs.passModel(model)
    highs.run()
    return np.flatnonzero(np.array(highs.getSolution().col_value) > 0.5).tolist()


def by_cvxpy(packing: Any, *, by_bid: bool = False) -> list[int]:
    """The same through cvxpy: matrices, or one constraint for each lot and a sum of Python terms."""
    import cvxpy  # noqa: PLC0415  # only where it is measured

    x = cvxpy.Variable(packing.columns, boolean=True)
    if by_bid:
        table = zip(packing.dense, packing.room.tolist(), strict=True)
        limits = [sum(int(row[j]) * x[j] for j in np.flatnonzero(row)) <= room for row, room in table if row.any()]
        worth = sum(int(gain) * x[j] for j, gain in enumerate(packing.gain))
    else:
        limits, worth = [packing.dense.astype(float) @ x <= packing.room.astype(float)], packing.gain.astype(float) @ x
    cvxpy.Problem(cvxpy.Maximize(worth), limits).solve(solver=cvxpy.HIGHS, mip_rel_gap=0.0, mip_abs_gap=0.5, threads=1)
    return np.flatnonzero(x.value > 0.5).tolist()


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time of this process, so that what else runs here does not count."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def ours_and(
    problem: Problem, peer: Callable[[Any], list[int]], stop_after: float = float("inf")
) -> tuple[float, float]:
    """Both times; the gains must be the same where the peer ends."""
    mine, outcome = seconds(lambda: run("vcg", problem))
    theirs, gains = seconds(lambda: Peer(problem, peer).vcg(stop_after))
    assert gains is None or agree(outcome, gains)
    return mine, theirs if gains is not None else stop_after


def agree(outcome: Any, gains: dict[str, int]) -> bool:
    """Whether everybody gains the same; whom a tie favours need not be the same."""
    ours = {award.agent: award.value - outcome.payments[award.agent] for award in outcome.awards}
    return all(ours.get(agent, 0) == gains.get(agent, 0) for agent in ours.keys() | gains.keys())


def mean(ratios: list[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))


def small(seeds: int) -> bool:
    """Print each instance and the geometric means."""
    run("vcg", cats_like("regions", 9, 9, 0))  # imports and first calls
    ratios: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for kind in KINDS:
        for seed in range(seeds):
            problem = Problem.from_json(cats_like(kind, 50, 200, seed))
            mine, theirs = ours_and(problem, bare_highs)
            ratios[kind].append(mine / theirs)
            print(
                f"{kind:10} seed {seed}  {mine:7.3f} s   bare HiGHS {theirs:7.3f} s   ratio {mine / theirs:5.2f}",
                flush=True,
            )
    kinds = {kind: mean(own) for kind, own in ratios.items()}
    total = mean([ratio for own in ratios.values() for ratio in own])
    print(
        *(f"{kind} {ratio:.2f}" for kind, ratio in kinds.items()), f"all {total:.2f} (at most {BOUND}, kinds {WORST})"
    )
    return total <= BOUND and max(kinds.values()) <= WORST


def matrices(seeds: int) -> bool:
    """cvxpy with matrices, on all kinds: the worst seed counts."""
    warm()
    kept = [faster(kind, False, 1, seeds) for kind in KINDS]
    return all(kept)


def loops(seeds: int) -> bool:
    """cvxpy with per-bid loops, on regions and paths: the worst seed counts."""
    warm()
    kept = [faster(kind, True, 10, seeds) for kind in ("regions", "paths")]
    return all(kept)


def warm() -> None:
    """Imports and first calls of both sides."""
    problem = Problem.from_json(cats_like("regions", 9, 9, 0))
    run("vcg", problem)
    by_cvxpy(Peer(problem, by_cvxpy).sale.packing)


def faster(kind: str, by_bid: bool, least: int, seeds: int) -> bool:
    """Print each seed's times and the ratios; whether all are at least so much."""
    ratios = []
    for seed in range(seeds):
        problem = Problem.from_json(cats_like(kind, 50, 200, seed))
        mine, theirs = ours_and(problem, lambda packing: by_cvxpy(packing, by_bid=by_bid), SLOWEST_CVXPY)
        ratios.append(theirs / mine)
        stopped = " (stopped)" if theirs == SLOWEST_CVXPY else ""
        print(f"{kind:10} seed {seed}  {mine:7.3f} s   cvxpy {theirs:7.3f} s{stopped}", flush=True)
    name = "cvxpy, per-bid loops" if by_bid else "cvxpy, matrices"
    print(
        f"{kind:10} {name}: {mean(ratios):.1f} times faster, {min(ratios):.1f} at the worst seed (at least {least})",
        flush=True,
    )
    return min(ratios) >= least


def main(arguments: list[str]) -> int:
    """0 where every bound is kept."""
    heading("VCG, processor seconds on one core, both sides on one thread")
    seeds = int(arguments[arguments.index("--seeds") + 1]) if "--seeds" in arguments else 5
    parts = {"highs": small, "matrices": matrices, "loops": loops}
    only = [arguments[arguments.index("--only") + 1]] if "--only" in arguments else list(parts)
    kept = [parts[name](seeds) for name in only]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
