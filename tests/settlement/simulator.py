"""Many settlements in virtual time, in shards: each a process with its own databases and a seed that it prints.

`python -m tests.settlement.simulator [--settlements 100000] [--processes 2] [--seed 100]`
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEMORY = Path("/dev/shm")
WINNERS, BUYERS = 50, 60
SHARD = 5_000  # settlements of one seed
HEALED_WITHIN = 60.0  # virtual seconds


def run(settlements: int, processes: int, first_seed: int) -> int:
    """All shards, so many at a time; how many of them found something wrong."""
    seeds = range(first_seed, first_seed + max(1, -(-settlements // SHARD)))
    waiting, running, failed = list(seeds), [], 0
    while waiting or running:
        while waiting and len(running) < processes:
            running.append(_started(waiting.pop(0), min(SHARD, settlements)))
        ended = [each for each in running if each.poll() is not None]
        failed += sum(each.returncode != 0 for each in ended)
        running = [each for each in running if each not in ended]
        time.sleep(0.2)
    return failed


def _started(seed: int, settlements: int) -> subprocess.Popen[bytes]:
    what = ["--shard", str(seed), "--settlements", str(settlements)]
    return subprocess.Popen([sys.executable, "-m", "tests.settlement.simulator", *what], cwd=ROOT)


def shard(seed: int, settlements: int) -> int:
    """One seed, on fresh SQLite databases in memory: what power cuts do is not asked here."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as place:
        _prepare(place)
        from tests.settlement.simulation import simulate  # noqa: PLC0415 - Django has its databases only now

        started = time.monotonic()
        world, slowest, faults = simulate(
            seed, setattr, markets=max(1, settlements // WINNERS), buyers=BUYERS, winners=WINNERS
        )
        took = time.monotonic() - started
    counts = ", ".join(f"{count} {what}" for what, count in sorted(world.counts.items()))
    rest = f"at rest {slowest:.1f} virtual seconds after healing"
    print(f"seed {seed}: {counts}, {len(faults)} faults, {rest}, {took:.0f} s", flush=True)
    for fault in faults:
        print(fault)
    return int(bool(faults) or slowest > HEALED_WITHIN)


def _prepare(place: str) -> None:
    os.environ.update(_environment(place))
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    for connection in connections.all():
        connection.settings_dict["OPTIONS"]["init_command"] = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;"
        call_command("migrate", database=connection.alias, verbosity=0)


def _environment(place: str) -> Mapping[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{place}/walras.sqlite3",
        "STRIPE_SANDBOX_DATABASE": f"{place}/stripe.sqlite3",
        "STRIPE_HTTP_CLIENT": "tests.settlement.direct.DirectClient",
        "STRIPE_CALLS_PER_SECOND": "0",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "WALRAS_SECRET_KEY": "only-for-simulations-" + "0" * 40,
        "WALRAS_CLEARING_SECRET_FILE": f"{place}/clearing-secret",
        "WALRAS_LOG_LEVEL": "CRITICAL",
    }


def main() -> int:
    """Everything, or one shard of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--settlements", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--shard", type=int)
    given = parser.parse_args()
    if given.shard is not None:
        return shard(given.shard, given.settlements)
    return run(given.settlements, given.processes, given.seed)


if __name__ == "__main__":
    sys.exit(main())
