"""PostgreSQL: the committer's own connection in the event loop, two round trips a group."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from marketplace.bidding.books import Act, Books, Decision, NewBid
from marketplace.bidding.seats import MarketRow, Seat, Stored
from marketplace.bidding.stores.libpq import Call, Pipelined, Rows
from marketplace.bidding.stores.postgres_statements import PIN, STATEMENTS
from marketplace.bidding.submissions import Submission
from marketplace.bidding.withdrawals import NamedBid, Withdrawal
from marketplace.core import streams

CONNECTION = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "service")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PostgresStore:
    """One connection, reopened after it has failed."""

    def __init__(self) -> None:
        self._link: Pipelined | None = None

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
        """Close the connection."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def _open(self) -> Pipelined:
        """The connection; its plans are pinned to the indexes, whatever the statistics of a young table say."""
        if self._link is not None and self._link.broken:
            await self.close()
        if self._link is None:
            settings = connection.get_connection_params()
            given = {name: value for name, value in settings.items() if name in CONNECTION and value}
            self._link = await Pipelined.connect(given, PIN, STATEMENTS)
        return self._link


async def _read(link: Pipelined, acts: Sequence[Act]) -> Books:
    """One round trip: begin, lock, then clock, seats and known keys in one question, and bids that withdrawals name."""
    places = {(act.terms.market_id, act.identity.agent_id) for act in acts}
    keys = [act.key_hash for act in acts if isinstance(act, Submission)]
    wanted = [act.bid_ref for act in acts if isinstance(act, Withdrawal)]
    calls: list[Call] = [
        (b"begin", ()),
        (b"lock", (_json({market for market, _ in places}),)),
        (b"read", (_json(places), _json(keys))),
    ]
    if wanted:
        calls.append((b"named", (_json(wanted),)))
    _, locked, [(clock, *told)], *named = await link.exchange(calls)
    seats, known = (msgspec.json.decode(rows) if rows else () for rows in told)
    return Books(
        at=_instant(clock),
        markets={int(row[0]): _market(row) for row in locked},
        seats={(row[0], row[1]): Seat(*row[2:]) for row in seats},
        known={row[0]: _stored(row[1:]) for row in known},
        named={row[0].decode(): _named(row) for rows in named for row in rows},
    )


async def _write(link: Pipelined, books: Books) -> dict[str, int]:
    """One more: what the group changes, and the commit; the new heads of the streams."""
    at = books.at.isoformat().encode()
    calls: list[Call] = []
    if books.replaced:
        calls.append((b"replace", (_json(books.replaced),)))
    if books.withdrawn:
        taken = [(bid.named.bid_id, bid.seat.stream_id, bid.payload) for bid in books.withdrawn]
        calls.append((b"withdraw", (_json(taken), at)))
    if books.new:
        calls.append((b"write", (_json([_columns(bid) for bid in books.new]), at)))
    told: list[Rows] = await link.exchange([*calls, (b"commit", ())])
    return {name.decode(): int(head) for rows in told for name, head in rows}


def _columns(bid: NewBid) -> tuple[Any, ...]:
    """A bid as the statement `write` takes it apart."""
    submission, stored, seat = bid.submission, bid.stored, bid.seat
    place = (stored.ref, submission.terms.market_id, seat.participation_id, bid.seq)
    hashes = (bid.sealed.hex(), stored.receipt, submission.key_hash, stored.body_hash)
    return (*place, *hashes, seat.stream_id, bid.payload)


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _instant(microseconds: bytes | str | int) -> datetime:
    return _EPOCH + timedelta(microseconds=int(microseconds))


def _market(row: tuple[Any, ...]) -> MarketRow:
    return MarketRow(row[1].decode(), row[2].decode(), _instant(row[3]), int(row[4]))


def _stored(row: Sequence[Any]) -> Stored:
    return Stored(row[0], row[1], _instant(row[2]), row[3], row[4])


def _named(row: Sequence[bytes]) -> NamedBid:
    texts = [value.decode() for value in row]
    return NamedBid(_stored(texts), int(row[5]), (int(row[6]), int(row[7])), texts[8])
