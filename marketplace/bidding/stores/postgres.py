"""PostgreSQL: the committer's own connection in the event loop, two pipelined round trips a group."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection
from psycopg.rows import tuple_row

from marketplace.bidding.books import Act, Books, Decision
from marketplace.bidding.seats import MarketRow, Seat, Stored
from marketplace.bidding.submissions import Submission
from marketplace.bidding.withdrawals import NamedBid, Withdrawal
from marketplace.core import streams

Row = tuple[Any, ...]
LOCK = "SELECT id, ref, state, closes_at, last_bid FROM markets_market WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
# The clock stands in a statement after the lock's own: now() would be the transaction's start, and a clock in the
# locking statement would be read before the lock was had; both let bids in after the close.
READ = """
SELECT clock_timestamp(),
  ARRAY(SELECT (p.market_id, p.agent_id, p.id, p.ref, p.state, p.limit_minor, s.id, b.id, b.ref)
    FROM unnest(%s::bigint[], %s::bigint[]) AS w (market_id, agent_id)
    JOIN bidding_participation p ON p.market_id = w.market_id AND p.agent_id = w.agent_id AND p.state <> 'refused'
    JOIN core_stream s ON s.name = 'participation:' || p.ref
    LEFT JOIN bidding_bid b ON b.participation_id = p.id AND b.status = 'accepted'),
  ARRAY(SELECT (b.key_hash, b.ref, b.receipt, b.at, p.ref, b.body_hash)
    FROM bidding_bid b JOIN bidding_participation p ON p.id = b.participation_id WHERE b.key_hash = ANY(%s))"""
NAMED = """
SELECT b.ref, b.receipt, b.at, p.ref, b.body_hash, b.id, p.market_id, p.agent_id, b.status
FROM bidding_bid b JOIN bidding_participation p ON p.id = b.participation_id WHERE b.ref = ANY(%s)"""
REPLACE = "UPDATE bidding_bid SET status = 'replaced' WHERE id = ANY(%s)"
WRITE = """
WITH stored AS (
  INSERT INTO bidding_bid
    (ref, market_id, participation_id, seq, content, receipt, key_hash, body_hash, status, at)
  SELECT *, 'accepted', %(at)s::timestamptz FROM unnest(
    %(refs)s::text[], %(markets)s::bigint[], %(seats)s::bigint[], %(seqs)s::bigint[], %(contents)s::bytea[],
    %(receipts)s::text[], %(keys)s::text[], %(bodies)s::text[])),
counted AS (
  UPDATE markets_market m SET last_bid = w.last_bid
  FROM unnest(%(touched)s::bigint[], %(last)s::bigint[]) AS w (id, last_bid) WHERE m.id = w.id),
heads AS (UPDATE core_stream SET head = head + 1 WHERE id = ANY(%(streams)s::bigint[]) RETURNING id, name, head),
told AS (
  INSERT INTO core_event (stream_id, seq, kind, at, payload)
  SELECT heads.id, heads.head, 'bid.accepted', %(at)s::timestamptz, w.payload
  FROM heads JOIN unnest(%(streams)s::bigint[], %(payloads)s::text[]) AS w (id, payload) ON w.id = heads.id)
SELECT name, head FROM heads"""
WITHDRAW = """
WITH gone AS (UPDATE bidding_bid SET status = 'withdrawn' WHERE id = ANY(%(bids)s::bigint[])),
heads AS (UPDATE core_stream SET head = head + 1 WHERE id = ANY(%(streams)s::bigint[]) RETURNING id, name, head),
told AS (
  INSERT INTO core_event (stream_id, seq, kind, at, payload)
  SELECT heads.id, heads.head, 'bid.withdrawn', %(at)s::timestamptz, w.payload
  FROM heads JOIN unnest(%(streams)s::bigint[], %(payloads)s::text[]) AS w (id, payload) ON w.id = heads.id)
SELECT name, head FROM heads"""
CONNECTION = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "service")
PIN = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off"


class PostgresStore:
    """One connection, reopened after it has failed."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[Row] | None = None

    async def commit(self, acts: Sequence[Act]) -> list[Decision]:
        """One transaction; on any failure the connection is given up, and with it the transaction."""
        link = await self._open()
        try:
            books = await _read(link, acts)
            decisions = books.decide(acts)
            heads = await _write(link, books)
        except BaseException:
            await self.close()
            raise
        streams.announce(heads)
        return decisions

    async def close(self) -> None:
        """Close the connection; an open transaction is rolled back by the server."""
        link, self._connection = self._connection, None
        if link is not None:
            await link.close()

    async def _open(self) -> "psycopg.AsyncConnection[Row]":
        """The connection; its plans are pinned to the indexes, whatever the statistics of a young table say."""
        if self._connection is None or self._connection.closed:
            settings = connection.get_connection_params()
            given = {name: value for name, value in settings.items() if name in CONNECTION and value}
            link = await psycopg.AsyncConnection.connect(
                **given, autocommit=True, prepare_threshold=0, row_factory=tuple_row
            )
            await link.execute(PIN, prepare=False)
            self._connection = link
        return self._connection


async def _read(link: "psycopg.AsyncConnection[Row]", acts: Sequence[Act]) -> Books:
    """One round trip: begin, lock, then clock, seats and known keys, and the bids that withdrawals name."""
    places = {(s.terms.market_id, s.identity.agent_id) for s in acts}
    markets, agents = [market for market, _ in places], [agent for _, agent in places]
    keys = [act.key_hash for act in acts if isinstance(act, Submission)]
    wanted = [act.bid_ref for act in acts if isinstance(act, Withdrawal)]
    async with link.pipeline():
        await link.execute("BEGIN")
        locked = await link.execute(LOCK, [sorted(set(markets))], binary=True)
        read = await link.execute(READ, [markets, agents, keys], binary=True)
        named = await link.execute(NAMED, [wanted], binary=True) if wanted else None
    at, seats, known = (await read.fetchall())[0]
    return Books(
        at=at,
        markets={row[0]: MarketRow(*row[1:]) for row in await locked.fetchall()},
        seats={(row[0], row[1]): Seat(*row[2:]) for row in seats},
        known={row[0]: Stored(*row[1:]) for row in known},
        named={} if named is None else {row[0]: _named(row) for row in await named.fetchall()},
    )


def _named(row: Row) -> NamedBid:
    return NamedBid(Stored(*row[:5]), row[5], (row[6], row[7]), row[8])


async def _write(link: "psycopg.AsyncConnection[Row]", books: Books) -> dict[str, int]:
    """One more: what the group changes, and the commit; the new heads of the streams."""
    if not books.new and not books.withdrawn:
        await link.execute("COMMIT")
        return {}
    told = []
    async with link.pipeline():
        if books.replaced:
            await link.execute(REPLACE, [books.replaced])
        if books.withdrawn:
            told.append(await link.execute(WITHDRAW, _withdrawn_columns(books)))
        if books.new:
            told.append(await link.execute(WRITE, _columns(books)))
        await link.execute("COMMIT")
    return {name: head for result in told for name, head in await result.fetchall()}


def _withdrawn_columns(books: Books) -> dict[str, Any]:
    """What the group takes back, column by column, as WITHDRAW names them."""
    return {
        "at": books.at,
        "bids": [bid.named.bid_id for bid in books.withdrawn],
        "streams": [bid.seat.stream_id for bid in books.withdrawn],
        "payloads": [bid.payload for bid in books.withdrawn],
    }


def _columns(books: Books) -> dict[str, Any]:
    """What the group writes, column by column, as WRITE names them."""
    last = books.last_bids()
    return {
        "at": books.at,
        "refs": [bid.stored.ref for bid in books.new],
        "markets": [bid.submission.terms.market_id for bid in books.new],
        "seats": [bid.seat.participation_id for bid in books.new],
        "seqs": [bid.seq for bid in books.new],
        "contents": [bid.submission.content for bid in books.new],
        "receipts": [bid.stored.receipt for bid in books.new],
        "keys": [bid.submission.key_hash for bid in books.new],
        "bodies": [bid.stored.body_hash for bid in books.new],
        "touched": list(last),
        "last": list(last.values()),
        "streams": [bid.seat.stream_id for bid in books.new],
        "payloads": [bid.payload for bid in books.new],
    }
