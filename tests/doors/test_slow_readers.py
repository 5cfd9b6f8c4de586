"""Who reads too slowly is closed with a code, keeps what it got in order, and resumes; what waits for it is bounded."""

import json
import time

import pytest
from django.db import transaction
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from marketplace.core import limits, streams
from marketplace.doors.hub import POLL_SECONDS
from tests.factories import open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
ROWS, LONG = 3 * limits.SUBSCRIBER_QUEUE, 8000  # together far more than the sockets' own buffers take


def test_a_socket_that_does_not_read_is_closed_and_resumes_without_a_gap(doors_only: Server) -> None:
    market = open_a_market()
    head = streams.read(market.stream)[-1].seq
    url = f"{doors_only.socket_url}/ws/v1/markets/{market.ref}/?after="
    with connect(f"{url}{head}", proxy=None, max_queue=1, compression=None) as socket:
        noise = streams.Entry(market.stream, "test.noise", {"noise": "x" * LONG}, forwarded=False)
        with transaction.atomic():
            streams.append_all([noise])
        seen = json.loads(socket.recv(timeout=30))["seq"]
        time.sleep(3 * POLL_SECONDS)  # the hub has met the stream; before, a socket reads the rows at its own pace
        with transaction.atomic():
            streams.append_all([noise] * ROWS)
        time.sleep(4)  # the server's poll has come, its buffers and this socket's queue are full
        code = None
        while code is None:
            try:
                seq = json.loads(socket.recv(timeout=30))["seq"]
                assert seq == seen + 1
                seen = seq
            except ConnectionClosedError as closed:
                code = closed.rcvd and closed.rcvd.code
    assert code == 4408
    assert head < seen <= head + ROWS
    with connect(f"{url}{seen}", proxy=None) as socket:
        rest = [json.loads(socket.recv(timeout=30))["seq"] for _ in range(head + 1 + ROWS - seen)]
    assert rest == list(range(seen + 1, head + ROWS + 2))
