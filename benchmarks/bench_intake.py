"""One bid a request over 16 connections: Walras with everything on, against servers that do one bare INSERT.

Client and server share the machine. Walras: bearer key, strict JSON, rule checks, limit, idempotency, receipt, event,
durable before the answer. Peers: Starlette and FastAPI with asyncpg, DRF with a ModelSerializer. Several rounds by
turns; the medians and their ratios are printed. `python benchmarks/bench_intake.py [--bids N] [--rounds N]`.
"""

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
from load import Load, drive, post
from measuring_mechanisms import heading

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("TEST_POSTGRES_URL") or "postgres://root@127.0.0.1:5432/postgres"
PEERS = {
    "Starlette + asyncpg": (".venv-bench", "peers.bare:starlette_app"),
    "FastAPI + asyncpg": (".venv-bench", "peers.bare:fastapi_app"),
    "DRF ModelSerializer": (".venv", "peers.drf:application"),
}
BOUNDS = {"Starlette + asyncpg": 0.5, "FastAPI + asyncpg": 1.0, "DRF ModelSerializer": 5.0}


class Served:
    """A server process on a port."""

    def __init__(self, command: list[str], port: int, environment: dict[str, str]) -> None:
        self.port = port
        env = {**os.environ, **environment}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError(f"{command} did not start")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


def peer(name: str, port: int, dsn: str) -> Served:
    """A bare peer under uvicorn with uvloop and httptools, as Walras itself runs."""
    venv, app = PEERS[name]
    python = str(ROOT / venv / "bin" / "python")
    command = [python, "-m", "uvicorn", app, "--port", str(port), "--no-access-log", "--log-level", "warning"]
    return Served(command, port, {"BENCH_DSN": dsn, "PYTHONPATH": f"{ROOT / 'benchmarks'}"})


def walras(port: int, database: str, tmp: Path) -> Served:
    """The marketplace, without background sweeps, so that only intake is measured."""
    settings = {
        "DATABASE_URL": database,
        "WALRAS_SECRET_KEY": "benchmark-" + "0" * 50,
        "WALRAS_SWEEPS": "0",
        "STRIPE_SANDBOX_DATABASE": str(tmp / "stripe.sqlite3"),
        "STRIPE_HTTP_CLIENT": "marketplace.stripe_sandbox.client.InProcessClient",
    }
    return Served([sys.executable, "manage.py", "serve", "--port", str(port)], port, settings)


def seeded(database: str, count: int, tmp: Path) -> list[bytes]:
    """Markets, agents and participations in the database, and one request a participation."""
    environment = {**os.environ, "DATABASE_URL": database, "WALRAS_SECRET_KEY": "benchmark-" + "0" * 50}
    environment["STRIPE_SANDBOX_DATABASE"] = str(tmp / "stripe.sqlite3")
    command = [sys.executable, str(ROOT / "benchmarks" / "seed_intake.py"), str(count)]
    lines = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    body = b'{"atoms": [{"bundle": {"room": 1}, "value": 4500}]}'
    requests = []
    for line in lines.splitlines():
        market, key = line.split()
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": secrets.token_hex(8)}
        requests.append(post(f"/api/v1/markets/{market}/bids/", body, headers))
    return requests


def bare_requests(count: int) -> list[bytes]:
    """As many for a bare peer."""
    return [post("/bids", b'{"agent": "agt_x", "lot": "room", "value": 4500}', {})] * count


def main() -> int:
    """Measure by turns on PostgreSQL, then Walras alone on SQLite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bids", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    heading("Intake: one bid a request, 16 connections")
    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            return measure(urlsplit(POSTGRES)._replace(path=f"/{name}").geturl(), options)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def measure(dsn: str, options: argparse.Namespace) -> int:
    """All servers by turns; the exit status says whether every ratio is within its bound."""
    tmp = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    with psycopg.connect(dsn, autocommit=True) as link:
        link.execute("CREATE TABLE bare_bid (id bigserial PRIMARY KEY, agent text, lot text, value bigint)")
    sqlite = f"sqlite:///{tmp / 'walras.sqlite3'}"
    total = options.bids * (options.rounds + 1)
    feeds = {"Walras": iter(seeded(dsn, total, tmp)), "Walras on SQLite": iter(seeded(sqlite, total, tmp))}
    servers = {"Walras": walras(8701, dsn, tmp), "Walras on SQLite": walras(8702, sqlite, tmp)}
    servers |= {peer_name: peer(peer_name, 8703 + n, dsn) for n, peer_name in enumerate(PEERS)}
    loads: dict[str, list[Load]] = {server: [] for server in servers}
    try:
        for round_ in range(options.rounds + 1):
            for server, served in servers.items():
                feed = feeds.get(server) or iter(bare_requests(options.bids))
                load = drive(served.port, [next(feed) for _ in range(options.bids)])
                assert set(load.statuses) == {201}, (server, load.statuses)
                loads[server] += [load] if round_ else []  # the first warms up
    finally:
        for served in servers.values():
            served.stop()
    return report(loads)


def report(loads: dict[str, list[Load]]) -> int:
    """A line a server, with the median ratio of Walras to it over the rounds."""
    worst = 0
    for server, rounds in loads.items():
        rate = statistics.median(load.per_second for load in rounds)
        p99 = statistics.median(load.p99_ms for load in rounds)
        pairs = zip(loads["Walras"], rounds, strict=True)
        ratio = statistics.median(own.per_second / other.per_second for own, other in pairs)
        bound = BOUNDS.get(server)
        verdict = "" if bound is None else f"  (at least {bound:g})  {'ok' if ratio >= bound else 'TOO SLOW'}"
        worst |= bound is not None and ratio < bound
        print(f"{server:22} {rate:8,.0f} bids/s   p99 {p99:6.1f} ms   Walras / it {ratio:5.2f}{verdict}")
    return int(worst)


if __name__ == "__main__":
    sys.exit(main())
