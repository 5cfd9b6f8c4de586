"""What sealing costs: the same bids on PostgreSQL, sealed and (in this benchmark alone) in clear, by turns.

One bid a request over 16 connections, as in bench_intake.py. The least favourable case: each market gets 64 bids, so
every 64th bid agrees on a new key. `python benchmarks/bench_sealing.py [--bids N] [--rounds N]`.
"""

import argparse
import statistics
import sys

from load import drive
from measuring_mechanisms import heading
from serving import Served, bid_request, free_port, fresh_postgres, seeded, settings_for, walras

MOST = 1.15  # sealed / clear, cost per bid


def main(bids: int, rounds: int) -> int:
    """The median ratio over the rounds, the first of which warms up."""
    heading("Sealing: cost per bid, sealed against clear")
    with fresh_postgres() as dsn:
        seats = iter(seeded(dsn, 2 * bids * (rounds + 1), 64))
        port = free_port()
        clear = Served([sys.executable, "benchmarks/unsealed.py", str(port)], port, settings_for(dsn))
        servers = {"sealed": walras(dsn), "clear": clear}
        rates: dict[str, list[float]] = {name: [] for name in servers}
        try:
            for round_ in range(rounds + 1):
                for name in sorted(servers, reverse=bool(round_ % 2)):
                    load = drive(servers[name].port, [bid_request(next(seats)) for _ in range(bids)])
                    assert set(load.statuses) == {201}, (name, load.statuses)
                    rates[name] += [load.per_second] if round_ else []
        finally:
            for served in servers.values():
                served.stop()
    cost = statistics.median(clear / sealed for sealed, clear in zip(rates["sealed"], rates["clear"], strict=True))
    for name, found in rates.items():
        print(f"{name:8} {statistics.median(found):8,.0f} bids/s")
    print(f"cost per bid, sealed / clear: {cost:.3f}  (at most {MOST})  {'ok' if cost <= MOST else 'TOO DEAR'}")
    return int(cost > MOST)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bids", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sys.exit(main(options.bids, options.rounds))
