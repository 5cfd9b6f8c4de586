"""One event to 1,000 followers, until the last has it: against the broadcast of a bare `websockets` server.

The event is that an agent has joined a market; the clock starts with the instant that the event itself bears, so that
its commit is in the figure and the joining is not. `python benchmarks/bench_fanout.py [--followers N] [--times N]`.
"""

import argparse
import datetime
import json
import secrets
import statistics
import sys
import time
from collections.abc import Callable

import httpx
from measuring_mechanisms import heading
from serving import Seat, Served, bare_table, fresh_postgres, script, seeded, walras
from socket_load import spread
from websockets.sync.client import connect

BOUND = 3.0


def main() -> int:
    """Measure by turns; the exit status says whether the ratio is within its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--followers", type=int, default=1000)
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    heading(f"One event to {options.followers} websockets")
    with fresh_postgres() as dsn:
        bare_table(dsn)
        seats = seeded(dsn, options.times, options.times, joined=False)
        ours, bare = walras(dsn), script("sockets.py", dsn)
        try:
            theirs = measure(f"ws://127.0.0.1:{bare.port}/feed", broadcaster(bare), options)
            own = measure(f"ws://127.0.0.1:{ours.port}/ws/v1/markets/{seats[0][0]}/", joiner(ours, seats), options)
        finally:
            ours.stop()
            bare.stop()
    return report(own[1:], theirs[1:])  # the first warms up


def measure(url: str, act: Callable[[], float], options: argparse.Namespace) -> list[float]:
    """Seconds until the last follower has heard, for each time."""
    return spread(url, options.followers, act, "market.joined", options.times)


def broadcaster(served: Served) -> Callable[[], float]:
    """Sends the peer what an event looks like, to be handed on to all."""
    text = json.dumps({"type": "event", "stream": "market:x", "kind": "market.joined", "data": {"participants": 1}})

    def act() -> float:
        with connect(f"ws://127.0.0.1:{served.port}/feed", proxy=None) as socket:
            started = time.time()
            socket.send(text)
            socket.recv()
        return started

    return act


def joiner(served: Served, seats: list[Seat]) -> Callable[[], float]:
    """Joins with one more agent each time."""
    agents = iter(seats)
    client = httpx.Client(base_url=f"http://127.0.0.1:{served.port}/api/v1/", trust_env=False, timeout=30)

    def act() -> float:
        market, key = next(agents)
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": secrets.token_hex(8)}
        client.post(f"markets/{market}/participations/", json={"limit_minor": 0}, headers=headers).raise_for_status()
        events = client.get(f"markets/{market}/events/", headers=headers).raise_for_status().json()["events"]
        return datetime.datetime.fromisoformat(events[-1]["at"]).timestamp()

    return act


def report(own: list[float], theirs: list[float]) -> int:
    """Milliseconds to the last follower, and their ratio."""
    mine, bare = (statistics.median(times) * 1e3 for times in (own, theirs))
    good = mine <= BOUND * bare
    verdict = f"(at most {BOUND:g})  {'ok' if good else 'TOO SLOW'}"
    print(f"bare broadcast {bare:7.1f} ms   Walras {mine:7.1f} ms   it / bare {mine / bare:5.2f}  {verdict}")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
