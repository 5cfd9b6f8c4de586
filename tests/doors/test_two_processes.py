"""Two web processes on PostgreSQL and Redis: some of the stories, and events that cross between them, Redis or not.

`python -m tests.run --pair` tells all stories of the doors to two processes.
"""

import json
from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.doors.test_inbox import dial as dial_inbox
from tests.doors.test_inbox import (  # noqa: F401 - the same stories, told to two processes
    test_a_socket_resumes_by_number_and_takes_its_key_in_a_frame,
    test_socket_and_long_poll_tell_the_same_bytes_and_nothing_of_others,
)
from tests.doors.test_keys import (  # noqa: F401
    ask,
    test_a_revoked_or_expired_key_ends_its_sockets_within_seconds,
)
from tests.doors.test_socket import (  # noqa: F401
    dial,
    hear,
    test_events_come_in_order_without_gap_and_a_resumed_socket_misses_nothing,
    test_nobody_sees_another_s_stream,
)
from tests.factories import Trader, buy, open_a_market
from tests.pair import Pair, two_processes
from tests.redis_server import RedisServer
from tests.server import HTTP, Server

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="two processes need PostgreSQL"),
]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def pair(django_db_setup: None, redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with two_processes(tmp_path_factory.mktemp("pair"), redis) as servers:
        yield servers


@pytest.fixture
def doors_only(pair: Pair) -> Pair:
    """What the imported stories call the server."""
    return pair


def posted(server: Server, path: str, trader: Trader, body: dict) -> dict:
    answer = HTTP.post(f"{server.url}/api/v1/{path}", json=body, headers=trader.headers())
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_what_one_process_does_reaches_the_sockets_of_the_other_with_redis_restarted_in_between(
    pair: Pair, redis: RedisServer
) -> None:
    one, other = pair.servers
    market, trader = open_a_market(), Trader()
    with dial(other, market.ref, trader.key) as socket, dial_inbox(other, trader.key) as inbox:
        joined = posted(one, f"markets/{market.ref}/participations/", trader, {"limit_minor": 10_000})
        assert hear(socket, kind="participation.active")["data"]["participation"] == joined["id"]
        assert hear(inbox, kind="participation.active")["seq"] == 1
        standing: str | None = None
        for seq, state in enumerate(("up", "down", "up again"), 2):
            if state == "down":
                redis.stop()
            elif state == "up again":
                redis.start()
            body = buy("room", 5000 + seq) | ({"replaces": standing} if standing else {})
            standing = posted(one, f"markets/{market.ref}/bids/", trader, body)["id"]
            told = hear(socket, kind="bid.accepted")
            assert (told["seq"], told["data"]["bid"]) == (seq, standing)
        socket.send(json.dumps({"type": "ping", "id": 1}))
        assert hear(socket, id=1)["type"] == "pong"
