"""What a bid costs does not grow: from 10^3 to 10^6 bids in its market, from 1 to 10^4 open markets.

Rates of single bids over 16 connections on PostgreSQL, by turns on one server. The many bids are written by SQL, as the
replaced bids of one agent. In one market and in many the same agents bid, so that as many keys are looked up. Many
markets are measured when this process has met them, and when it has not: then their terms are read first, once a market
and process. `python benchmarks/bench_flat.py [--bids N] [--rounds N] [--most N] [--markets N]`.
"""

import argparse
import contextlib
import itertools
import random
import statistics
import sys
from collections.abc import Iterable, Iterator

import psycopg
from load import drive
from measuring_mechanisms import heading
from serving import Seat, Served, bid_request, fresh_postgres, seeded, walras

BOUND = 1.2
FEW = 1_000
FILL = """
INSERT INTO bidding_bid (ref, market_id, participation_id, seq, content, receipt, key_hash, body_hash, status, at)
SELECT 'bid_' || substr(md5(m.id || '/' || n), 1, 24), m.id, p.id, n, decode(repeat(md5(n::text), 10), 'hex'),
  repeat(md5('r' || n), 2), md5(m.id || 'k' || n) || md5('k' || n), repeat(md5('b' || n), 2), 'replaced', now()
FROM markets_market m, generate_series(1, %(count)s) AS n,
  LATERAL (SELECT id FROM bidding_participation WHERE market_id = m.id ORDER BY id LIMIT 1) AS p
WHERE m.ref = %(market)s"""
COUNT = "UPDATE markets_market SET last_bid = %(count)s WHERE ref = %(market)s"


def main() -> int:
    """Both measurements; the exit status says whether both are within the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bids", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=1_000_000)
    parser.add_argument("--markets", type=int, default=10_000)
    options = parser.parse_args()
    heading("The cost of a bid as bids and markets grow")
    with fresh_postgres() as dsn:
        bids = by_bids(dsn, options)
    with fresh_postgres() as dsn:
        markets = by_markets(dsn, options)
    return bids | markets


def by_bids(dsn: str, options: argparse.Namespace) -> int:
    """Two markets, one with few bids in it and one with very many."""
    each = options.bids * (options.rounds + 1)
    seats = seeded(dsn, 2 * each, each)
    few, many = seats[:each], seats[each:]
    with psycopg.connect(dsn, autocommit=True) as link:
        for market, count in ((few[0][0], FEW), (many[0][0], options.most)):
            link.execute(FILL, {"market": market, "count": count})
            link.execute(COUNT, {"market": market, "count": count})
        link.execute("CHECKPOINT")
    names = (f"{FEW:,} bids in the market", f"{options.most:,} bids in the market")
    with serving(dsn) as server:
        return compared(server, dict(zip(names, (few, many), strict=True)), options)


def by_markets(dsn: str, options: argparse.Namespace) -> int:
    """One market with many agents, and many open markets with two of them each: the first to bid there, the second."""
    each = options.bids * (options.rounds + 1)
    one, spread = seeded(dsn, 2 * each, 2 * each), seeded(dsn, 2 * options.markets, 2, pool=2 * each)
    new, met = iter(spread[::2]), spread[1::2]
    random.Random(1).shuffle(met)
    many = f"{options.markets:,} open markets"
    with serving(dsn) as server:
        compared(server, {"1 open market": one[:each], f"{many}, never met": new}, options, bound=None)
        driven(server, list(new))
        return compared(server, {"1 open market": one[each:], many: met}, options)


@contextlib.contextmanager
def serving(dsn: str) -> Iterator[Served]:
    """The marketplace."""
    server = walras(dsn)
    try:
        yield server
    finally:
        server.stop()


def compared(
    server: Served, seats: dict[str, Iterable[Seat]], options: argparse.Namespace, bound: float | None = BOUND
) -> int:
    """Rates by turns; the least load's by the greatest's."""
    feeds, rates = {name: iter(places) for name, places in seats.items()}, {name: [] for name in seats}
    for round_ in range(options.rounds + 1):
        for name, feed in feeds.items():
            rate = driven(server, list(itertools.islice(feed, options.bids)))
            rates[name] += [rate] if round_ else []
    return report(rates, bound)


def driven(server: Served, seats: list[Seat]) -> float:
    """Bids a second."""
    load = drive(server.port, [bid_request(seat) for seat in seats])
    assert set(load.statuses) == {201}, load.statuses
    return load.per_second


def report(rates: dict[str, list[float]], bound: float | None) -> int:
    """How much more a bid costs at the greater load; without a bound, for what happens once."""
    for name, rounds in rates.items():
        print(f"{name:32} {statistics.median(rounds):8,.0f} bids/s")
    less, more = rates.values()
    ratio = statistics.median(one / other for one, other in zip(less, more, strict=True))
    good = bound is None or ratio <= bound
    verdict = "(no bound)" if bound is None else f"(at most {bound:g})  {'ok' if good else 'TOO SLOW'}"
    print(f"{'a bid costs so much more':32} {ratio:8.2f}  {verdict}")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
