"""Hot requests in every form that HTTP allows, whole, in pieces, several in one packet: one answer to all."""

import socket
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from marketplace.bidding.models import Bid
from marketplace.core import limits
from marketplace.markets.models import Market
from tests.factories import Trader, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
BODY = b'{"atoms": [{"bundle": {"room": 1}, "value": 5000}]}'


class Line:
    """A connection on which bytes are sent as they stand."""

    def __init__(self, server: Server, market: Market, trader: Trader) -> None:
        address = httpx.URL(server.url)
        self._socket = socket.create_connection((address.host, address.port or 80), 20)
        self._head = (
            f"POST /api/v1/markets/{market.ref}/bids/ HTTP/1.1\r\nHost: walras\r\nIdempotency-Key: the-same\r\n"
            f"Content-Type: application/json\r\nAuthorization: Bearer {trader.key}\r\n"
        )
        self._answers = self._socket.makefile("rb")

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._socket.close()

    def head(self, *headers: str, version: str = "1.1") -> bytes:
        """The head of a bid's request."""
        lines = "".join(f"{header}\r\n" for header in headers)
        return (self._head.replace("HTTP/1.1", f"HTTP/{version}") + lines + "\r\n").encode()

    def send(self, data: bytes) -> None:
        """Send these bytes."""
        self._socket.sendall(data)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer."""
        status = int(self._answers.readline().split()[1])
        lines = iter(lambda: self._answers.readline().strip().decode(), "")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return status, headers, self._answers.read(int(headers.get("content-length", 0)))

    def ended(self) -> bool:
        """Whether the server has hung up."""
        return self._answers.read(1) == b""


@pytest.fixture
def line(doors_only: Server) -> Iterator[Line]:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    with closing(Line(doors_only, market, trader)) as made:
        yield made


def test_one_request_in_every_form_gets_one_answer(line: Line) -> None:
    whole = line.head(f"Content-Length: {len(BODY)}") + BODY
    line.send(whole)
    status, headers, body = line.answer()
    assert (status, headers["content-type"]) == (201, "application/json")
    assert {"date", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= set(headers)
    line.send(whole + whole + whole)  # the second and third come before the first is answered
    assert [line.answer()[::2] for _ in range(3)] == [(201, body)] * 3
    for at in (10, len(whole) - 60, len(whole) - 5):
        line.send(whole[:at])
        line.send(whole[at:])
        assert line.answer()[::2] == (201, body)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:7], BODY[7:])) + b"0\r\n\r\n"
    line.send(line.head("Transfer-Encoding: chunked") + chunks)
    assert line.answer()[::2] == (201, body)
    line.send(line.head(f"Content-Length: {len(BODY)}", "Expect: 100-continue"))
    assert line.answer()[0] == 100
    line.send(BODY)
    assert line.answer()[::2] == (201, body)
    line.send(line.head(f"Content-Length: {len(BODY)}", version="1.0") + BODY)
    status, headers, last = line.answer()
    assert (status, last, headers["connection"], line.ended()) == (201, body, "close", True)
    assert Bid.objects.count() == 1


def test_a_body_past_the_bound_is_refused_and_the_connection_stays(line: Line) -> None:
    much = BODY + b" " * 5 * limits.BODY_BYTES
    line.send(line.head(f"Content-Length: {len(much)}") + much)
    status, headers, body = line.answer()
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert b"body_too_large" in body
    line.send(line.head(f"Content-Length: {len(BODY)}") + BODY)
    assert line.answer()[0] == 201


def test_who_hangs_up_early_disturbs_nobody(line: Line, doors_only: Server) -> None:
    line.send(line.head(f"Content-Length: {len(BODY)}") + BODY[:10])
    line.close()
    assert httpx.get(f"{doors_only.url}/api/v1/mechanisms/", trust_env=False).status_code == 200
