"""Who reads too slowly is closed with a code, keeps what it got in order, and resumes; what waits for it is bounded."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.db import transaction
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from marketplace.core import limits, streams
from marketplace.doors.hub import POLL_SECONDS
from marketplace.markets.models import Market
from tests.factories import open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
ROWS, LONG = 3 * limits.SUBSCRIBER_QUEUE, 8000  # together far more than the sockets' own buffers take
SLOW = 12  # readers
MOST = 100 * 2**20  # bytes; what all of them were sent is some 295 MB


@pytest.fixture
def server(transactional_db: None, tmp_path: Path):
    """A server whose memory nothing else has touched."""
    one = Server(sweeps=False, log=tmp_path / "slow.log")
    yield one
    one.stop()


def peak(server: Server) -> int:
    """The most memory that the process has ever had, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def dial(server: Server, market: Market, after: int) -> ClientConnection:
    url = f"{server.socket_url}/ws/v1/markets/{market.ref}/?after={after}"
    return connect(url, proxy=None, max_queue=1, compression=None)


def burst(market: Market) -> None:
    """A row, so that the hub meets the stream (before, a socket reads the rows at its own pace); then many at once."""
    noise = streams.Entry(market.stream, "test.noise", {"noise": "x" * LONG}, forwarded=False)
    with transaction.atomic():
        streams.append_all([noise])
    time.sleep(3 * POLL_SECONDS)
    with transaction.atomic():
        streams.append_all([noise] * ROWS)
    time.sleep(4)  # the server's poll has come, its buffers and these sockets' queues are full


def read_to_the_end(socket: ClientConnection, head: int) -> tuple[int, int | None]:
    """Up to which number all came, in order; and the code that the socket was closed with."""
    seen = head
    while True:
        try:
            seq = json.loads(socket.recv(timeout=90))["seq"]
        except ConnectionClosedError as closed:
            return seen, closed.rcvd and closed.rcvd.code
        assert seq == seen + 1
        seen = seq


def test_sockets_that_do_not_read_are_closed_and_resume_and_cost_no_more_than_their_bound(server: Server) -> None:
    market = open_a_market()
    head = streams.read(market.stream)[-1].seq
    with ExitStack() as stack:
        sockets = [stack.enter_context(dial(server, market, head)) for _ in range(SLOW)]
        before = peak(server)
        burst(market)
        with ThreadPoolExecutor(SLOW) as readers:
            ends = list(readers.map(lambda socket: read_to_the_end(socket, head), sockets))
    assert peak(server) - before < MOST
    assert {code for _, code in ends} == {4408}
    assert all(head < seen <= head + ROWS for seen, _ in ends)
    seen = ends[0][0]
    with dial(server, market, seen) as socket:
        rest = [json.loads(socket.recv(timeout=90))["seq"] for _ in range(head + 1 + ROWS - seen)]
    assert rest == list(range(seen + 1, head + ROWS + 2))
