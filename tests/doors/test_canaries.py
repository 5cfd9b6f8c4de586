"""Canaries: an amount that is found nowhere else is found nowhere at all before the close."""

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Iterable

import pytest

from marketplace.bidding.books import Books
from marketplace.core.refusals import Refusal
from marketplace.core.strict_json import canonical
from tests.doors.eyes import looks
from tests.doors.searching import Searched
from tests.doors.worlds import World
from tests.factories import buy, close_now
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
EXPONENT = 6  # amounts of twelve digits: by chance none lies in a log of many megabytes


def canaries() -> list[dict]:
    """Bids whose amounts nobody has ever seen, a test of yesterday included."""
    return [buy("room", 683_000_000_000 + secrets.randbelow(10**9) * 9 + 1) for _ in range(3)]


def patterns(bids: list[dict]) -> list[bytes]:
    """Each amount as digits, in words, as the bytes of an integer; each bid's plain hashes."""
    found = []
    for body in bids:
        value = body["atoms"][0]["value"]
        text = f"{value / 10**EXPONENT:,.{EXPONENT}f}"
        found += [str(value).encode(), f"{value:,}".encode(), text.encode(), text.replace(",", "").encode()]
        found += [value.to_bytes(8, "big"), value.to_bytes(8, "little")]
        for plain in (canonical(body), str(value).encode(), json.dumps(body).encode()):
            found.append(hashlib.sha256(plain).hexdigest().encode())
    return found


def hits(places: Iterable[tuple[str, bytes]], wanted: list[bytes]) -> set[str]:
    """Where a pattern lies, as it is, as hex or in base 16 of a dump."""
    spelled = [word for pattern in wanted for word in (pattern, pattern.hex().encode())]
    return {place for place, text in places if any(word in text for word in spelled)}


def test_amounts_lie_nowhere_before_the_close(
    doors_only: Server, swept: Callable[[], int], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bids = first, second, third = canaries()
    wanted = patterns(bids)
    world = World(doors_only, 5000, "rest", exponent=EXPONENT)
    one, searched = world.bidder, Searched(doors_only.log)
    with searched.hearing_redis():
        for trader in (one, world.rival):
            assert world.post(trader, "raises/", {"limit_minor": 75_000_000}).status_code in (200, 201, 202)
        bid = world.post(one, "bids/", first | {"replaces": world.bid}).json()["id"]
        assert world.post(one, "previews/", second).status_code == 200
        said = json.loads(world.tool(one, "bid", market=world.market.ref, **second, replaces=bid))
        assert said["status"] == "accepted"
        world.bid = said["id"]
        assert world.post(world.stranger, "bids/", third).json()["code"] == "not_joined"
        assert hits(((place, text.encode()) for place, text in looks(world, wide=False)), wanted) == set()
        figures = HTTP.get(f"{world.server.url}/metrics").content
        assert b"walras_intake_bids_total" in figures
        assert hits([("figures", figures)], wanted) == set()
        assert "nonce" in world.post(one, "bids/", first).json()  # one of those looks took its bid back
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
    assert hits([("tracebacks", caplog.text.encode())], wanted) == set()
    assert hits(searched.places(), wanted) == set()
    close_now(world.market)
    swept()
    found = hits(searched.places(), wanted)  # the search finds what is there: the problem of the cleared round
    assert {place.split()[0] for place in found} == ({"table", "file"} if searched.postgres else {"file"})
    assert not searched.postgres or any("pg_wal" in place for place in found)
