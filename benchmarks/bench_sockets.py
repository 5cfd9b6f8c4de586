"""Bids over websockets, 32 with one bid in flight each, then 512 in flight: against a bare `websockets` server.

Client and server share the machine. The peer does one asyncpg INSERT before it answers. A socket of Walras is one
agent's in one market, where one bid of it stands: each bid names the one it replaces, and so many in flight are that
many agents' sockets, where the peer has 16 in flight on each of 32. `python benchmarks/bench_sockets.py [--bids N]`.
"""

import argparse
import json
import re
import secrets
import statistics
import sys

from measuring_mechanisms import heading
from serving import Seat, Served, bare_table, fresh_postgres, script, seeded, walras
from socket_load import Line, drive

SOCKETS, IN_FLIGHT = 32, 16
BID = {"atoms": [{"bundle": {"room": 1}, "value": 4500}]}
BOUNDS = {1: 0.8, IN_FLIGHT: 1.4}  # both against the peer with one in flight
_STANDING = re.compile(r'"data":\{"id":"(bid_\w+)"')


def main() -> int:
    """Measure by turns; the exit status says whether both ratios are within their bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bids", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    heading("Bids over websockets")
    with fresh_postgres() as dsn:
        bare_table(dsn)
        rates = measure(dsn, options.bids, options.rounds)
    return report(rates)


def measure(dsn: str, bids: int, rounds: int) -> dict[str, list[float]]:
    """Rates of both servers, round by round; the first warms up."""
    seats = iter(seeded(dsn, (rounds + 1) * SOCKETS * (IN_FLIGHT + 1), 64))
    ours, bare = walras(dsn), script("sockets.py", dsn)
    few, many = SOCKETS, SOCKETS * IN_FLIGHT
    turns = {
        "bare, 32 in flight": lambda: drive(bare_lines(bare, bids), 1, _row),
        "bare, 512 in flight": lambda: drive(bare_lines(bare, bids), IN_FLIGHT, _row),
        "Walras, 32 in flight": lambda: drive([own(ours, next(seats), bids // few) for _ in range(few)], 1, _ack),
        "Walras, 512 in flight": lambda: drive([own(ours, next(seats), bids // many) for _ in range(many)], 1, _ack),
    }
    rates: dict[str, list[float]] = {name: [] for name in turns}
    try:
        for round_ in range(rounds + 1):
            for name, turn in turns.items():
                rates[name] += [turn()] if round_ else turn() and []
    finally:
        ours.stop()
        bare.stop()
    return rates


def own(served: Served, seat: Seat, count: int) -> Line:
    """One agent's socket; each bid replaces the one acknowledged before it."""
    market, key = seat

    def frame(before: str) -> str:
        found = _STANDING.search(before)
        data = {**BID, "replaces": found[1]} if found else BID
        return json.dumps({"id": 1, "type": "bid.submit", "key": secrets.token_hex(8), "data": data})

    url = f"ws://127.0.0.1:{served.port}/ws/v1/markets/{market}/?after=1000000&mine=1000000"
    return Line(url, {"Authorization": f"Bearer {key}"}, count, frame)


def bare_lines(served: Served, bids: int) -> list[Line]:
    """The peer's sockets."""
    text = json.dumps({"id": 1, "agent": "agt_x", "lot": "room", "value": 4500})
    return [Line(f"ws://127.0.0.1:{served.port}/bids", {}, bids // SOCKETS, lambda _: text)] * SOCKETS


def _ack(text: str) -> bool:
    return text.startswith('{"type":"ack"')


def _row(text: str) -> bool:
    return '"row"' in text


def report(rates: dict[str, list[float]]) -> int:
    """A line a turn."""
    missed = 0
    bare = rates["bare, 32 in flight"]
    bounds = {"Walras, 32 in flight": BOUNDS[1], "Walras, 512 in flight": BOUNDS[IN_FLIGHT]}
    for name, rounds in rates.items():
        ratio = statistics.median(one / other for one, other in zip(rounds, bare, strict=True))
        line = f"{name:24} {statistics.median(rounds):8,.0f} bids/s   it / bare with 32 {ratio:5.2f}"
        if name in bounds:
            good = ratio >= bounds[name]
            missed |= not good
            line += f"  (at least {bounds[name]:g})  {'ok' if good else 'TOO SLOW'}"
        print(line)
    return missed


if __name__ == "__main__":
    sys.exit(main())
