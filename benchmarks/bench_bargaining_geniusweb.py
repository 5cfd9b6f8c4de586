"""A GeniusWeb domain of 46,656 outcomes from file to Nash point, KS point and Pareto front, against negmas 0.16."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring_mechanisms import ROOT, heading, report

from mechanisms import read_problem
from mechanisms.bargaining import leximin_rows, nash_rows, pareto_front
from mechanisms.bargaining.table import table_of
from mechanisms.readers import read_geniusweb

ISSUES, VALUES, SEED, RUNS = 6, 6, 5, 3
PEER = os.environ.get("WALRAS_BENCH_PYTHON", str(ROOT / ".venv-bench/bin/python"))


def write(folder: Path) -> None:
    """A domain and two profiles with five decimals, as ANL has them."""
    rng = random.Random(SEED)
    issues = {f"issue{i}": [f"value{v}" for v in range(VALUES)] for i in range(ISSUES)}
    domain = {"name": "generated", "issuesValues": {issue: {"values": own} for issue, own in issues.items()}}
    (folder / "generated.json").write_text(json.dumps(domain))
    for side in "AB":
        cuts = sorted(rng.randint(1, 99_999) for _ in range(ISSUES - 1))
        weights = [(high - low) / 100_000 for low, high in zip([0, *cuts], [*cuts, 100_000], strict=True)]
        space = {
            "issueUtilities": {
                issue: {"discreteutils": {"valueUtilities": {v: round(rng.random(), 5) for v in own}}}
                for issue, own in issues.items()
            },
            "issueWeights": {issue: round(weight, 5) for issue, weight in zip(issues, weights, strict=True)},
            "domainName": "generated",
            "name": f"profile{side}",
        }
        (folder / f"profile{side}.json").write_text(json.dumps({"LinearAdditiveUtilitySpace": space}))


def ours(folder: Path) -> tuple[list[float], list[float], int]:
    """The three, exactly."""
    profiles = {side: folder / f"profile{side}.json" for side in "AB"}
    table = table_of(read_problem(read_geniusweb(folder / "generated.json", profiles)))
    nash, front = nash_rows(table.utility), pareto_front(table.utility)
    ks = leximin_rows(table.utility, [int(own.max()) for own in table.utility])
    points = [[float(u) for u in table.utilities(int(rows[0])).values()] for rows in (nash, ks)]
    return points[0], points[1], len(front)


def main() -> int:
    """Print the ratio; 1 where it is beyond 0.2, or the points differ."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        nash, ks, size = ours(folder)
        times = []
        for _ in range(3 * RUNS):
            start = time.perf_counter()
            ours(folder)
            times.append(time.perf_counter() - start)
        done = subprocess.run(
            [PEER, str(ROOT / "benchmarks/peers/negmas_points.py"), name, str(RUNS)], capture_output=True, text=True
        )
        if done.returncode:
            sys.stdout.write(
                f"no negmas in {PEER}: pip install -r benchmarks/requirements-peers.txt\n{done.stderr[-800:]}\n"
            )
            return 1
        theirs = json.loads(done.stdout)
    heading(
        f"{VALUES**ISSUES:,} outcomes ({ISSUES} issues x {VALUES} values), 2 parties, seed {SEED}, best of several runs"
    )
    sys.stdout.write(f"ours   Nash {nash}, KS {ks}, front {size}\n")
    sys.stdout.write(f"negmas Nash {theirs['nash']}, KS {theirs['ks']}, front {theirs['front']}\n")
    same = max(abs(a - b) for a, b in zip(nash, theirs["nash"], strict=True)) < 1e-6
    return 0 if report("file to points", (min(times), theirs["seconds"]), "negmas 0.16", 0.2) and same else 1


if __name__ == "__main__":
    sys.exit(main())
