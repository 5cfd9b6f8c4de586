"""A negotiation of 100 rounds over two websockets, against as many bare round trips plus as many one-row commits.

Two agents offer in turn, each when the other's offer has reached it and its own was acknowledged, so durable. Bare are
an echo server of `websockets` in a process of its own, and one INSERT and COMMIT a row into SQLite as it is set up here
(write-ahead log, synchronous FULL) on the same disk. `python benchmarks/bench_negotiation.py [--times N]`.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench_first_mover import Person, Place
from measuring_mechanisms import heading
from serving import Served, free_port
from websockets.asyncio.client import ClientConnection, connect

ROUNDS, BOUND = 100, 2.0
PRICES = list(range(8000, 8000 + 100 * (ROUNDS + 2), 100))
ECHO = """
import asyncio, sys
from websockets.asyncio.server import serve
async def echo(socket):
    async for text in socket:
        await socket.send(text)
async def main():
    async with serve(echo, "127.0.0.1", int(sys.argv[1])):
        await asyncio.Future()
asyncio.run(main())
"""


def main() -> int:
    """Measure by turns; the exit status says whether the ratio is within its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    heading("A negotiation of 100 rounds")
    with tempfile.TemporaryDirectory() as folder:
        ours, trips, commits = asyncio.run(measure(Path(folder), options.times))
    ratio = statistics.median(a / (b + c) for a, b, c in zip(ours, trips, commits, strict=True))
    for name, seconds in (("Walras", ours), ("bare round trips", trips), ("one-row commits", commits)):
        print(f"{name:18} {statistics.median(seconds) * 1000:8.1f} ms for {ROUNDS}")
    print(f"it / both {ratio:5.2f}  (at most {BOUND:g})  {'ok' if ratio <= BOUND else 'TOO SLOW'}")
    return int(ratio > BOUND)


async def measure(folder: Path, times: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds of each, time by time; the first warms up."""
    place, port = Place(folder, free_port()), free_port()
    echo = Served([sys.executable, "-c", ECHO, str(port)], port, {})
    ours, trips, commits = [], [], []
    try:
        people = [await place.person(name) for name in ("guest", "hotel")]
        for _ in range(times + 1):
            ours.append(await negotiated(place, *people))
            trips.append(await echoed(port))
            commits.append(committed(folder))
    finally:
        echo.stop()
        place.server.stop()
        place.stripe.stop()
    return ours[1:], trips[1:], commits[1:]


async def negotiated(place: Place, guest: Person, hotel: Person) -> float:
    """One haggle that never ends: from the first offer to the acknowledgement of the last."""
    agenda = {"issues": {"price": PRICES}, "transfers": [{"issue": "price", "payer": "buyer", "payee": "seller"}]}
    stated = {"title": "stay", "mechanism": "alternating_offers", "params": {"rounds": ROUNDS + 1, "first": "buyer"}}
    lots = [{"id": "stay", "seller": hotel.ref}]
    body = {**stated, "currency": "EUR", "lots": lots, "agenda": agenda, "closes_in_s": 600}
    market = (await place.post(place.operator, "markets/", body))["id"]
    await place.post(hotel.key, f"markets/{market}/participations/", {"limit_minor": 0})
    await place.post(guest.key, f"markets/{market}/participations/", {"limit_minor": PRICES[-1]})
    url = place.url.replace("http", "ws").replace("/api/v1/", f"/ws/v1/markets/{market}/")
    lines = [connect(url, additional_headers={"Authorization": f"Bearer {one.key}"}) for one in (guest, hotel)]
    async with lines[0] as first, lines[1] as second:
        sockets = (first, second)
        for socket in sockets:  # both hear what comes from now on
            await socket.send('{"type": "ping"}')
            await heard(socket, lambda frame: frame["type"] == "pong")
        began = time.perf_counter()
        for n in range(ROUNDS):
            mine, other = sockets[n % 2], sockets[(n + 1) % 2]
            data = {"type": "offer", "data": {"agreement": {"price": PRICES[n]}}, "n": n + 1}
            await mine.send(json.dumps({"id": n, "type": "move.submit", "key": os.urandom(8).hex(), "data": data}))
            await asyncio.gather(heard(mine, is_ack), heard(other, lambda frame, n=n: is_move(frame, n + 1)))
        return time.perf_counter() - began


async def heard(socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Read up to such a frame; a refusal ends the benchmark."""
    while True:
        frame: dict[str, Any] = json.loads(await socket.recv())
        assert frame["type"] != "error", frame
        if wanted(frame):
            return


def is_ack(frame: dict[str, Any]) -> bool:
    """Whether a move is acknowledged."""
    return frame["type"] == "ack"


def is_move(frame: dict[str, Any], n: int) -> bool:
    """Whether this tells of the n-th move."""
    return frame.get("kind") == "move.made" and frame["data"]["n"] == n


async def echoed(port: int) -> float:
    """As many round trips, by turns on two sockets."""
    url = f"ws://127.0.0.1:{port}/"
    text = json.dumps({"id": 1, "type": "move.submit", "key": os.urandom(8).hex(), "data": {"price": 8000}})
    async with connect(url) as first, connect(url) as second:
        began = time.perf_counter()
        for n in range(ROUNDS):
            socket = (first, second)[n % 2]
            await socket.send(text)
            await socket.recv()
        return time.perf_counter() - began


def committed(folder: Path) -> float:
    """As many rows, each durable before the next."""
    link = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    link.execute("PRAGMA journal_mode=WAL")
    link.execute("PRAGMA synchronous=FULL")
    link.execute("CREATE TABLE IF NOT EXISTS moves (n INTEGER PRIMARY KEY, data TEXT)")
    began = time.perf_counter()
    for _ in range(ROUNDS):
        link.execute("BEGIN IMMEDIATE")
        link.execute("INSERT INTO moves (data) VALUES (?)", ('{"agreement": {"price": 8000}}',))
        link.execute("COMMIT")
    seconds = time.perf_counter() - began
    link.close()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
