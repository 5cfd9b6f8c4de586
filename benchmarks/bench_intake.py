"""One bid a request over 16 connections: Walras with everything on, against servers that do one bare INSERT.

Client and server share the machine. Walras: bearer key, strict JSON, rule checks, limit, idempotency, sealing, receipt,
event, durable before the answer. Peers: Starlette and FastAPI with asyncpg, DRF with a ModelSerializer, AuctionSI's own
server. Then batches of 500 bids, four requests in flight. Several rounds by turns; medians of the rates and of their
ratios. `python benchmarks/bench_intake.py [--bids N] [--rounds N]`.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from load import Load, drive, post
from measuring_mechanisms import heading
from serving import (
    Seat,
    Served,
    auctionsi,
    auctionsi_requests,
    bare_table,
    batch_request,
    bid_request,
    fresh_postgres,
    peer,
    seeded,
    walras,
)

BATCH = 500
SLOW = 4  # the slow peers get a quarter of the bids
BOUNDS = {"Starlette + asyncpg": 0.5, "FastAPI + asyncpg": 1.0, "DRF ModelSerializer": 5.0, "AuctionSI 0.2.0": 5.0}
Loads = dict[str, list[Load]]


def main() -> int:
    """Measure by turns; the exit status says whether every ratio is within its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bids", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    heading("Intake: one bid a request, 16 connections")
    with fresh_postgres() as dsn, tempfile.TemporaryDirectory() as folder:
        bare_table(dsn)
        loads = measure(dsn, Path(folder), options.bids, options.rounds)
    return report(loads)


def measure(dsn: str, folder: Path, bids: int, rounds: int) -> Loads:
    """All servers, round by round; the first round warms up."""
    each = -(-bids // BATCH) * BATCH * (rounds + 1)
    seats = seeded(dsn, 2 * each, BATCH)
    sqlite = f"sqlite:///{folder / 'walras.sqlite3'}"
    local = seeded(sqlite, 2 * each, BATCH)
    servers = {
        "Walras": walras(dsn),
        "Walras on SQLite": walras(sqlite),
        "Starlette + asyncpg": peer("peers.bare:starlette_app", dsn),
        "FastAPI + asyncpg": peer("peers.bare:fastapi_app", dsn),
        "DRF ModelSerializer": peer("peers.drf:application", dsn, ".venv"),
        "AuctionSI 0.2.0": auctionsi(folder),
    }
    turns = [
        *ours("Walras", servers["Walras"], iter(seats[:each]), iter(seats[each:]), bids),
        *theirs(servers, bids, rounds),
        *ours("Walras on SQLite", servers["Walras on SQLite"], iter(local[:each]), iter(local[each:]), bids),
    ]
    loads: Loads = {name: [] for name, _ in turns}
    try:
        for round_ in range(rounds + 1):
            for name, turn in turns:
                loads[name] += [turn()] if round_ else turn() and []
    finally:
        for served in servers.values():
            served.stop()
    return loads


Turn = tuple[str, Callable[[], Load]]


def ours(name: str, served: Served, single: Iterator[Seat], batched: Iterator[Seat], bids: int) -> list[Turn]:
    """A turn of single bids and a turn of batches; each seat bids once."""

    def singles() -> Load:
        load = drive(served.port, [bid_request(next(single)) for _ in range(bids)])
        assert set(load.statuses) == {201}, (name, load.statuses)
        return load

    def batches() -> Load:
        requests = [batch_request([next(batched) for _ in range(BATCH)]) for _ in range(-(-bids // BATCH))]
        load = drive(served.port, requests, connections=4, each=BATCH, holds=b'{"accepted":%d,' % BATCH)
        assert set(load.statuses) == {200}, (name, load.statuses)
        return load

    return [(name, singles), (f"{name}, batches", batches)]


def theirs(servers: dict[str, Served], bids: int, rounds: int) -> list[Turn]:
    """A turn of each peer."""
    bare = [post("/bids", b'{"agent": "agt_x", "lot": "room", "value": 4500}', {})] * bids
    few = bids // SLOW
    own = iter(auctionsi_requests(servers["AuctionSI 0.2.0"].port, few * (rounds + 1)))

    def turn(name: str, requests: Callable[[], list[bytes]]) -> Turn:
        def driven() -> Load:
            load = drive(servers[name].port, requests())
            assert set(load.statuses) == {201}, (name, load.statuses)
            return load

        return name, driven

    return [
        turn("Starlette + asyncpg", lambda: bare),
        turn("FastAPI + asyncpg", lambda: bare),
        turn("DRF ModelSerializer", lambda: bare[:few]),
        turn("AuctionSI 0.2.0", lambda: [next(own) for _ in range(few)]),
    ]


OURS = ("Walras", "Walras on SQLite")


def report(loads: Loads) -> int:
    """A line a server, then the ratios of Walras on both databases to each peer: medians over the rounds."""
    missed = 0
    for name, rounds in loads.items():
        rate = statistics.median(load.per_second for load in rounds)
        print(f"{name:26} {rate:8,.0f} bids/s   p99 {waits(rounds):7.1f} ms")
    for mine in OURS:
        found = {f"{mine} / {name}": (ratio(loads[mine], loads[name]), bound) for name, bound in BOUNDS.items()}
        found[f"{mine}, batches / single"] = (ratio(loads[f"{mine}, batches"], loads[mine]), 2.5)
        found[f"p99 of FastAPI / p99 of {mine}"] = (waits(loads["FastAPI + asyncpg"]) / waits(loads[mine]), 1.0)
        for title, (value, bound) in found.items():
            good = value >= bound
            missed |= not good
            print(f"{title:42} {value:5.2f}  (at least {bound:g})  {'ok' if good else 'TOO SLOW'}")
    return missed


def waits(rounds: list[Load]) -> float:
    """The median of the slowest hundredths."""
    return statistics.median(load.p99_ms for load in rounds)


def ratio(these: list[Load], those: list[Load]) -> float:
    """The median over the rounds of one rate to the other."""
    return statistics.median(one.per_second / other.per_second for one, other in zip(these, those, strict=True))


if __name__ == "__main__":
    sys.exit(main())
