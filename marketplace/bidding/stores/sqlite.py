"""SQLite: a thread of its own, plain SQL, one immediate transaction a group."""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from marketplace.bidding.books import Act, Books, Decision
from marketplace.bidding.seats import MarketRow, Seat, Stored
from marketplace.bidding.submissions import Submission
from marketplace.bidding.withdrawals import NamedBid, Withdrawal
from marketplace.core import clock, streams

MARKETS = """
SELECT id, ref, state, closes_at, last_bid FROM markets_market WHERE id IN (SELECT value FROM json_each(%s))"""
SEATS = """
SELECT p.market_id, p.agent_id, p.id, p.ref, p.state, p.limit_minor, s.id, b.id, b.ref
FROM json_each(%s) AS w
JOIN bidding_participation p ON p.market_id = json_extract(w.value, '$[0]')
  AND p.agent_id = json_extract(w.value, '$[1]') AND p.state <> 'refused'
JOIN core_stream s ON s.name = 'participation:' || p.ref
LEFT JOIN bidding_bid b ON b.participation_id = p.id AND b.status = 'accepted'"""
KNOWN = """
SELECT b.key_hash, b.ref, b.receipt, b.at, p.ref, b.body_hash
FROM bidding_bid b JOIN bidding_participation p ON p.id = b.participation_id
WHERE b.key_hash IN (SELECT value FROM json_each(%s))"""
REPLACE = "UPDATE bidding_bid SET status = 'replaced' WHERE id IN (SELECT value FROM json_each(%s))"
INSERT = """
INSERT INTO bidding_bid (ref, market_id, participation_id, seq, content, receipt, key_hash, body_hash, status, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'accepted', %s)"""
EPOCH = "INSERT INTO bidding_epochkey (ref, market_id, sealed_key) VALUES (%s, %s, %s) ON CONFLICT (ref) DO NOTHING"
NAMED = """
SELECT b.ref, b.receipt, b.at, p.ref, b.body_hash, b.id, p.market_id, p.agent_id, b.status
FROM bidding_bid b JOIN bidding_participation p ON p.id = b.participation_id
WHERE b.ref IN (SELECT value FROM json_each(%s))"""
WITHDRAW = "UPDATE bidding_bid SET status = 'withdrawn' WHERE id = %s"
COUNT = "UPDATE markets_market SET last_bid = %s WHERE id = %s"
RISE = "UPDATE core_stream SET head = head + 1 WHERE id IN (SELECT value FROM json_each(%s))"
HEADS = "SELECT id, name, head FROM core_stream WHERE id IN (SELECT value FROM json_each(%s))"
TELL = "INSERT INTO core_event (stream_id, seq, kind, at, payload) VALUES (%s, %s, %s, %s, %s)"


class SqliteStore:
    """One thread, so one connection; Django's, so that its settings hold."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "committer")

    async def commit(self, acts: Sequence[Act]) -> list[Decision]:
        """One transaction, away from the event loop."""
        books, decisions, heads = await asyncio.get_running_loop().run_in_executor(self._thread, _commit, acts)
        books.committed()
        streams.announce(heads)
        return decisions

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, _close)
        self._thread.shutdown()


def _close() -> None:
    connection.close()  # this thread's


def _commit(acts: Sequence[Act]) -> tuple[Books, list[Decision], dict[str, int]]:
    """BEGIN IMMEDIATE is the lock; the clock is read after it."""
    with transaction.atomic(), connection.cursor() as cursor:
        books = _read(cursor, acts)
        decisions = books.decide(acts)
        return books, decisions, _write(cursor, books) if books.new or books.withdrawn else {}


def _read(cursor: Any, acts: Sequence[Act]) -> Books:
    places = {(s.terms.market_id, s.identity.agent_id) for s in acts}
    at = clock.now()
    markets = _rows(cursor, MARKETS, list({market for market, _ in places}))
    seats = _rows(cursor, SEATS, list(places))
    known = _rows(cursor, KNOWN, [act.key_hash for act in acts if isinstance(act, Submission)])
    wanted = [act.bid_ref for act in acts if isinstance(act, Withdrawal)]
    named = _rows(cursor, NAMED, wanted) if wanted else []
    return Books(
        at=at,
        markets={row[0]: MarketRow(row[1], row[2], _instant(row[3]), row[4]) for row in markets},
        seats={(row[0], row[1]): Seat(*row[2:]) for row in seats},
        known={row[0]: _stored(row[1:]) for row in known},
        named={row[0]: NamedBid(_stored(row), row[5], (row[6], row[7]), row[8]) for row in named},
    )


def _stored(row: tuple[Any, ...]) -> Stored:
    return Stored(row[0], row[1], _instant(row[2]), row[3], row[4])


def _write(cursor: Any, books: Books) -> dict[str, int]:
    at = connection.ops.adapt_datetimefield_value(books.at)
    cursor.executemany(EPOCH, [(epoch.ref, epoch.market_id, epoch.sealed_key) for epoch in books.new_epochs()])
    cursor.execute(REPLACE, [json.dumps(books.replaced)])
    cursor.executemany(INSERT, [_columns(bid, at) for bid in books.new])
    cursor.executemany(COUNT, [(last, market_id) for market_id, last in books.last_bids().items()])
    cursor.executemany(WITHDRAW, [(bid.named.bid_id,) for bid in books.withdrawn])
    return _tell(cursor, books, at)


def _tell(cursor: Any, books: Books, at: Any) -> dict[str, int]:
    """One event a bidder; the new heads of the streams. A group has one act a seat, so one event a stream."""
    acts: list[tuple[str, Any]] = [("bid.accepted", bid) for bid in books.new]
    acts += [("bid.withdrawn", bid) for bid in books.withdrawn]
    told_to = [bid.seat.stream_id for _, bid in acts]
    cursor.execute(RISE, [json.dumps(told_to)])
    heads = {row[0]: row[1:] for row in _rows(cursor, HEADS, told_to)}
    told = [(bid.seat.stream_id, heads[bid.seat.stream_id][1], kind, at, bid.payload) for kind, bid in acts]
    cursor.executemany(TELL, told)
    return dict(heads.values())


def _columns(bid: Any, at: Any) -> tuple[Any, ...]:
    submission, stored = bid.submission, bid.stored
    place = (stored.ref, submission.terms.market_id, bid.seat.participation_id, bid.seq)
    return (*place, bid.sealed, stored.receipt, submission.key_hash, stored.body_hash, at)


def _rows(cursor: Any, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    cursor.execute(sql, [json.dumps(values)])
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _instant(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
