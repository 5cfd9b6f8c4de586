"""Servers to measure, each a process of its own on a free port, and the databases that they write to."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
from load import post

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("TEST_POSTGRES_URL") or "postgres://root@127.0.0.1:5432/postgres"
SECRET = "benchmark-" + "0" * 50
BID = b'{"atoms": [{"bundle": {"room": 1}, "value": 4500}]}'
Seat = tuple[str, str]  # a market and the key of an agent that has joined it


class Served:
    """A server process on a port."""

    def __init__(self, command: list[str], port: int, environment: dict[str, str]) -> None:
        self.port = port
        env = {**os.environ, **environment}
        self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.1)
        raise RuntimeError(f"{command} did not start")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def fresh_postgres() -> Iterator[str]:
    """The address of an empty database, dropped afterwards."""
    name = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(POSTGRES, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def bare_table(dsn: str) -> None:
    """The one table that the bare peers insert into."""
    with psycopg.connect(dsn, autocommit=True) as link:
        link.execute("CREATE TABLE bare_bid (id bigserial PRIMARY KEY, agent text, lot text, value bigint)")


def settings_for(database: str) -> dict[str, str]:
    """The environment of a marketplace on this database."""
    sandbox = Path(tempfile.gettempdir()) / f"walras-bench-{os.getpid()}-stripe.sqlite3"
    return {
        "DATABASE_URL": database,
        "WALRAS_SECRET_KEY": SECRET,
        "WALRAS_SWEEPS": "0",
        "STRIPE_SANDBOX_DATABASE": str(sandbox),
        "STRIPE_HTTP_CLIENT": "marketplace.stripe_sandbox.client.InProcessClient",
    }


def walras(database: str) -> Served:
    """The marketplace, without background sweeps, so that only intake is measured."""
    port = free_port()
    return Served([sys.executable, "manage.py", "serve", "--port", str(port)], port, settings_for(database))


def peer(app: str, dsn: str, python: str = ".venv-bench") -> Served:
    """A bare peer under uvicorn with uvloop and httptools, as Walras itself runs."""
    port = free_port()
    command = [str(ROOT / python / "bin" / "python"), "-m", "uvicorn", app, "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning"]
    return Served(command, port, {"BENCH_DSN": dsn, "PYTHONPATH": f"{ROOT / 'benchmarks'}"})


def script(name: str, dsn: str) -> Served:
    """A peer that serves itself: `python benchmarks/peers/NAME PORT`."""
    port = free_port()
    command = [str(ROOT / ".venv-bench" / "bin" / "python"), str(ROOT / "benchmarks" / "peers" / name), str(port)]
    return Served(command, port, {"BENCH_DSN": dsn})


def auctionsi(folder: Path) -> Served:
    """AuctionSI's own server on its own SQLite store, started as its manual says."""
    port = free_port()
    program = str(ROOT / ".venv-bench" / "bin" / "auctionsi")
    command = [program, "--db", str(folder / "auctionsi.db"), "serve", "--port", str(port)]
    return Served(command, port, {})


def auctionsi_requests(port: int, count: int, agents: int = 64) -> list[bytes]:
    """Auctions opened over its API, and a bid of each agent in each."""
    requests: list[bytes] = []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
        for n in range(agents):
            client.post("/api/agents", json={"agent_id": f"bench-{n}", "capabilities": {"work": {}}})
        while len(requests) < count:
            task = {"task_type": "work", "budget": 10.0, "deadline": 3600}
            auction = client.post("/api/auctions?solicit=false", json=task).raise_for_status().json()["auction_id"]
            place = f"/api/auctions/{auction}/bids"
            requests += [post(place, b'{"agent_id":"bench-%d","price":1.0}' % n, {}) for n in range(agents)]
    return requests[:count]


def seeded(database: str, count: int, agents: int = 500, *, joined: bool = True, pool: int = 0) -> list[Seat]:
    """Markets of `agents` seats each, `count` in all, taken or yet to be joined, by a pool of agents in turn."""
    numbers = (count, agents, int(joined), pool or agents)
    seed = [sys.executable, str(ROOT / "benchmarks" / "seed_intake.py"), *map(str, numbers)]
    environment = {**os.environ, **settings_for(database)}
    lines = subprocess.run(seed, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    seats = [line.split() for line in lines.splitlines()]
    return [(market, key) for market, key in seats]


def bid_request(seat: Seat) -> bytes:
    """One bid of a seat."""
    headers = {"Authorization": f"Bearer {seat[1]}", "Idempotency-Key": secrets.token_hex(8)}
    return post(f"/api/v1/markets/{seat[0]}/bids/", BID, headers)


def batch_request(seats: list[Seat]) -> bytes:
    """One bid of each seat of one market, in one request."""
    items = b",".join(b'{"bid":%s,"agent_key":"%s"}' % (BID, key.encode()) for _, key in seats)
    headers = {"Authorization": f"Bearer {seats[0][1]}", "Idempotency-Key": secrets.token_hex(8)}
    return post(f"/api/v1/markets/{seats[0][0]}/bid-batches/", b'{"bids":[' + items + b"]}", headers)
