"""Rate limits through every door: the same headers, and a 429 that says when to come back."""

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.core.test_rates import in_one_window
from tests.doors.test_socket import dial, hear
from tests.factories import Trader, buy, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
HEADERS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


@pytest.fixture
def strict(transactional_db: None, tmp_path) -> Iterator[Server]:
    server = Server(sweeps=False, log=tmp_path / "strict.log", WALRAS_RATE_LIMIT="20", REDIS_URL="")
    yield server
    server.stop()


def test_every_door_counts_says_so_and_refuses_what_is_over(strict: Server) -> None:
    market, trader, other = open_a_market(), Trader(), Trader()
    trader.join(market)
    key = {"Authorization": f"Bearer {trader.key}"}
    api = f"{strict.url}/api/v1/"
    in_one_window()
    place = f"{api}markets/{market.ref}/bids/"
    answers = [
        HTTP.post(place, json=buy("room", 5000), headers=key | {"Idempotency-Key": str(uuid.uuid4())}),
        HTTP.get(place, headers=key),
        HTTP.get(f"{api}inbox/", headers=key),
        HTTP.get(f"{api}markets/{market.ref}/report.csv", headers=key),
    ]
    for n, answer in enumerate(answers, 1):
        assert [answer.headers[name] for name in HEADERS[:2]] == ["20", str(20 - n)]
        assert 1 <= int(answer.headers[HEADERS[2]]) <= 10
    with dial(strict, market.ref, trader.key) as socket:
        for n in range(17):
            socket.send(json.dumps({"type": "ping", "id": n}))
        assert hear(socket, id=15)["type"] == "pong"
        refused = hear(socket, id=16)["data"]
        assert (refused["code"], 1 <= refused["retry_after"] <= 10) == ("rate_limited", True)
    calls = [HTTP.post(place, json={}, headers=key), HTTP.get(f"{api}me/", headers=key)]
    calls += [HTTP.get(f"{api}inbox/", headers=key), HTTP.post(f"{strict.url}/mcp", json={}, headers=key)]
    for answer in calls:
        assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
        assert answer.headers["retry-after"] == answer.headers["ratelimit-reset"]
        assert answer.headers["ratelimit-remaining"] == "0"
    assert HTTP.get(f"{api}me/", headers={"Authorization": f"Bearer {other.key}"}).status_code == 200
