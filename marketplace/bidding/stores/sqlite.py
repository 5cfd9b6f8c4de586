"""SQLite: a thread of its own, one immediate transaction a group, few statements that take and give JSON.

Each call of SQLite lets the event loop have the interpreter and waits to get it back. So there are seven calls a group
however many bids it has: a row at a time would wait once a row.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection

from marketplace.bidding.books import Act, Books, Decision, NewBid
from marketplace.bidding.seats import MarketRow, Seat, Stored
from marketplace.bidding.stores import sqlite_statements as sql
from marketplace.bidding.submissions import Submission
from marketplace.bidding.withdrawals import NamedBid, Withdrawal
from marketplace.core import streams

Read = tuple[Books, dict[str, int]]  # the books, and the heads of the seats' streams


class SqliteStore:
    """One thread, so one connection; made by Django, so that its settings hold."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "committer")

    async def commit(self, acts: Sequence[Act]) -> list[Decision]:
        """One transaction, away from the event loop."""
        decisions, heads = await asyncio.get_running_loop().run_in_executor(self._thread, _commit, acts)
        streams.announce(heads)
        return decisions

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, _close)
        self._thread.shutdown()


def _close() -> None:
    connection.close()  # this thread's


def _commit(acts: Sequence[Act]) -> tuple[list[Decision], dict[str, int]]:
    """BEGIN IMMEDIATE is the lock; the clock is read after it."""
    link = _link()
    link.execute("BEGIN IMMEDIATE")
    try:
        books = _read(link, acts)
        decisions = books.decide(acts)
        heads = _write(link, books)
        link.execute("COMMIT")
    except BaseException:
        link.rollback()
        raise
    return decisions, heads


def _link() -> sqlite3.Connection:
    """Django's connection without Django's cursors, which cost more than these statements."""
    fresh = connection.connection is None
    connection.ensure_connection()
    link: sqlite3.Connection = connection.connection
    for pragma in sql.PRAGMAS if fresh else ():
        link.execute(pragma)
    return link


def _read(link: sqlite3.Connection, acts: Sequence[Act]) -> Books:
    places = {(act.terms.market_id, act.identity.agent_id) for act in acts}
    given = {
        "markets": _json(list({market for market, _ in places})),
        "places": _json(list(places)),
        "keys": _json([act.key_hash for act in acts if isinstance(act, Submission)]),
        "named": _json([act.bid_ref for act in acts if isinstance(act, Withdrawal)]),
    }
    clock, *told = link.execute(sql.READ, given).fetchone()
    markets, seats, known, named = map(msgspec.json.decode, told)
    return Books(
        at=_instant(clock),
        markets={row[0]: MarketRow(row[1], row[2], _instant(row[3]), row[4]) for row in markets},
        seats={(row[0], row[1]): Seat(*row[2:]) for row in seats},
        known={row[0]: _stored(row[1:]) for row in known},
        named={row[0]: NamedBid(_stored(row), row[5], (row[6], row[7]), row[8]) for row in named},
    )


def _stored(row: Sequence[Any]) -> Stored:
    return Stored(row[0], row[1], _instant(row[2]), row[3], row[4])


def _write(link: sqlite3.Connection, books: Books) -> dict[str, int]:
    """What the group changes; the new heads of the streams. It has one act a seat, so one event a stream."""
    at = connection.ops.adapt_datetimefield_value(books.at)
    acts: list[tuple[str, Any]] = [("bid.accepted", bid) for bid in books.new]
    acts += [("bid.withdrawn", bid) for bid in books.withdrawn]
    if not acts:
        return {}
    if books.replaced:
        link.execute(sql.REPLACE, (_json(books.replaced),))
    if books.withdrawn:
        link.execute(sql.WITHDRAW, (_json([bid.named.bid_id for bid in books.withdrawn]),))
    if books.new:
        _insert(link, books, at)
    link.execute(sql.RISE, (_json([bid.seat.stream_id for _, bid in acts]),))
    link.execute(sql.TELL, (_json([(bid.seat.stream_id, kind, bid.payload) for kind, bid in acts]), at))
    return {f"participation:{bid.seat.ref}": bid.seat.head + 1 for _, bid in acts}


def _insert(link: sqlite3.Connection, books: Books, at: str) -> None:
    """All bids from one text; their sealed bytes, which JSON cannot hold, lie beside it in a row."""
    rows, start = [], 1
    for bid in books.new:
        rows.append((*_columns(bid), start, len(bid.sealed)))
        start += len(bid.sealed)
    link.execute(sql.INSERT, (_json(rows), b"".join(bid.sealed for bid in books.new), at))
    link.execute(sql.COUNT, (_json(list(books.last_bids().items())),))


def _columns(bid: NewBid) -> tuple[Any, ...]:
    submission, stored = bid.submission, bid.stored
    place = (stored.ref, submission.terms.market_id, bid.seat.participation_id, bid.seq)
    return (*place, stored.receipt, submission.key_hash, stored.body_hash)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _instant(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
