r"""Exports of a million rows: CSV and Parquet against psql's \copy of the same query, SQLite against csv.writer.

`python benchmarks/bench_reports.py [--rows N] [--runs N]`. Each export is a process of its own, so that its
memory is its own; runs take turns, and medians are compared.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from measuring_mechanisms import heading
from serving import SECRET, fresh_postgres

BOUNDS = {"csv": 1.5, "parquet": 2.5, "sqlite": 1.5}
MEGABYTES = 32
SCRIPT = Path(__file__).with_name("export_rows.py")


def main() -> int:
    """The exit status says whether every bound holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    heading(f"Exports of {options.rows:,} rows")
    with tempfile.TemporaryDirectory() as folder:
        with fresh_postgres() as dsn:
            held = postgres(dsn, Path(folder), options)
        return 0 if sqlite(Path(folder), options) and held else 1


def postgres(dsn: str, folder: Path, options: argparse.Namespace) -> bool:
    r"""CSV and Parquet against psql's \copy."""
    run(dsn, "fill", str(options.rows))
    sql = " ".join(run(dsn, "query").split())
    copied = folder / "psql.csv"
    command = ["psql", dsn, "-q", "-c", f"\\copy ({sql}) TO '{copied}' WITH (FORMAT csv, HEADER)"]
    ways = {
        "psql": lambda: timed(command),
        "csv": lambda: export(dsn, "csv", folder / "ours.csv"),
        "parquet": lambda: export(dsn, "parquet", folder / "ours.parquet"),
    }
    found = by_turns(ways, options.runs)
    same = copied.read_bytes() == (folder / "ours.csv").read_bytes()
    print(f"  the same bytes as psql's: {same}")
    held = [said(f"PostgreSQL, {name}", found[name], found["psql"], BOUNDS[name]) for name in ("csv", "parquet")]
    grown = max(each["grown_mb"] for each in found["csv"])
    print(f"  memory of the CSV export grew by {grown:.0f} MB (at most {MEGABYTES})")
    return same and all(held) and grown <= MEGABYTES


def sqlite(folder: Path, options: argparse.Namespace) -> bool:
    """CSV against csv.writer over a bare cursor."""
    url = f"sqlite:///{folder}/rows.sqlite3"
    run(url, "fill", str(options.rows))
    ways = {name: lambda name=name: export(url, name, folder / f"{name}.csv") for name in ("bare", "csv")}
    found = by_turns(ways, options.runs)
    print(
        f"  the same bytes as csv.writer's: {(folder / 'bare.csv').read_bytes() == (folder / 'csv.csv').read_bytes()}"
    )
    grown = max(each["grown_mb"] for each in found["csv"])
    print(f"  memory of the CSV export grew by {grown:.0f} MB (at most {MEGABYTES})")
    return said("SQLite, csv", found["csv"], found["bare"], BOUNDS["sqlite"]) and grown <= MEGABYTES


def by_turns(ways: dict[str, Callable[[], dict]], runs: int) -> dict[str, list[dict]]:
    """Each way in turn, as often as asked for."""
    found: dict[str, list[dict]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            found[name].append(way())
    return found


def said(name: str, ours: list[dict], peer: list[dict], bound: float) -> bool:
    """Print a ratio of medians; whether it is within its bound."""
    one, other = (median(each["seconds"] for each in runs) for runs in (ours, peer))
    print(f"  {name}: {one:.2f} s, peer {other:.2f} s, ratio {one / other:.2f} (at most {bound})")
    return one / other <= bound


def timed(command: list[str]) -> dict:
    """How long a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return {"seconds": time.perf_counter() - start}


def export(database: str, way: str, path: Path) -> dict:
    """One export in a process of its own, which times it."""
    found: dict = json.loads(run(database, way, str(path)))
    return found


def run(database: str, *arguments: str) -> str:
    """The script on a database."""
    environment = {**os.environ, "DATABASE_URL": database, "WALRAS_SECRET_KEY": SECRET, "REDIS_URL": ""}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
