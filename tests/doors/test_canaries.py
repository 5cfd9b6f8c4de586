"""Canaries: an amount that is found nowhere else is found nowhere at all before the close."""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.db import connection, connections

from marketplace.bidding.books import Books
from marketplace.core.refusals import Refusal
from marketplace.core.strict_json import canonical
from tests.doors.worlds import World
from tests.factories import buy, close_now
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def bodies() -> list[dict]:
    """Bids whose amounts have a pattern of their own."""
    return [buy("room", amount) for amount in (68_351_729, 68_351_731, 68_351_733)]


def patterns() -> list[bytes]:
    """Each amount as digits, in words, as the bytes of an integer; each bid's plain hashes."""
    found = []
    for body in bodies():
        value = body["atoms"][0]["value"]
        text = f"{value / 100:,.2f}"
        found += [str(value).encode(), f"{value:,}".encode(), text.encode(), text.replace(",", "").encode()]
        found.append(value.to_bytes(4, "big"))
        for plain in (canonical(body), str(value).encode(), json.dumps(body).encode()):
            found.append(hashlib.sha256(plain).hexdigest().encode())
    return found


def hits(places: Iterator[tuple[str, bytes]]) -> list[str]:
    """Where a pattern lies, as it is, as hex or in base 16 of a dump."""
    wanted = patterns()
    spelled = [word for pattern in wanted for word in (pattern, pattern.hex().encode())]
    return sorted({place for place, text in places if any(word in text for word in spelled)})


def stored(log: Path) -> Iterator[tuple[str, bytes]]:
    """Database files with their write-ahead logs, or every row of every table; the sandbox's; Redis; the log."""
    for alias in connections:
        if connections[alias].vendor == "sqlite":
            name = Path(str(connections[alias].settings_dict["NAME"]))
            yield from ((file.name, file.read_bytes()) for file in name.parent.glob(name.name + "*"))
        else:
            yield from rows()
    if url := os.environ.get("REDIS_URL"):
        with redis.Redis.from_url(url) as link:
            yield from ((f"redis {key!r}", link.dump(key) or b"") for key in link.scan_iter())
    yield "log", log.read_bytes()


def rows() -> Iterator[tuple[str, bytes]]:
    """Every table of PostgreSQL as text, bytes in hex."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield table, "\n".join(row[0] for row in cursor.fetchall()).encode()


def test_amounts_lie_nowhere_before_the_close(
    doors_only: Server, swept: Callable[[], int], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(doors_only, 5000, "rest")
    for trader in (one := world.bidder, world.rival):
        assert world.post(trader, "raises/", {"limit_minor": 75_000_000}).status_code in (200, 201, 202)
    first, second, third = bodies()
    bid = world.post(one, "bids/", first | {"replaces": world.bid}).json()["id"]
    assert world.post(one, "previews/", second).status_code == 200
    assert json.loads(world.tool(one, "bid", market=world.market.ref, **second, replaces=bid))["status"] == "accepted"
    assert world.post(world.stranger, "bids/", third).json()["code"] == "not_joined"
    honest = Books.decide

    def failing(books: Books, acts: list) -> list:  # a traceback with the bid in its frames
        honest(books, acts)
        raise RuntimeError(f"the disk is full: {acts}")

    caplog.set_level(logging.DEBUG)
    with monkeypatch.context() as broken:
        broken.setattr(Books, "decide", failing)
        with pytest.raises(Refusal, match="could not be stored"):
            world.stranger.bid(world.market, third)
    assert "the disk is full" in caplog.text
    assert hits(iter([("tracebacks", caplog.text.encode())])) == []
    assert hits(stored(doors_only.log)) == []
    close_now(world.market)
    swept()
    assert hits(stored(doors_only.log)) != []  # the search finds what is there: the problem of the cleared round
