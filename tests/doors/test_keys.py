"""Keys: scopes, expiry, rotation with an overlap, and what a revoked one loses within seconds."""

import json
import time
import uuid
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from marketplace.agents.models import ApiKey
from marketplace.core import limits
from tests.doors.test_inbox import dial as dial_inbox
from tests.doors.test_socket import dial, hear
from tests.factories import Trader, buy, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


class Asking:
    """Requests under any key."""

    def __init__(self, server: Server) -> None:
        self._base = f"{server.url}/api/v1/"

    def __call__(self, key: str, method: str, path: str, body: dict | None = None, idem: str | None = None) -> tuple:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": idem or str(uuid.uuid4())}
        answer = HTTP.request(method, self._base + path, json=body, headers=headers)
        return answer.status_code, answer.json()


@pytest.fixture
def ask(doors_only: Server) -> Asking:
    return Asking(doors_only)


def test_a_key_does_what_its_scopes_say_at_every_door(ask: Asking, doors_only: Server) -> None:
    trader, market = Trader(), open_a_market()
    trader.join(market)
    status, made = ask(trader.key, "POST", "keys/", {"scopes": ["read"]}, "k")
    assert status == 201
    assert made["scopes"] == ["read"]
    assert ask(trader.key, "POST", "keys/", {"scopes": ["read"]}, "k") == (201, made)
    looking = made["key"]
    place = f"markets/{market.ref}/"
    assert ask(looking, "GET", "me/")[1]["scopes"] == ["read"]
    assert ask(looking, "POST", place + "previews/", buy("room", 5000))[0] == 200
    for method, path, body in (
        ("POST", place + "bids/", buy("room", 5000)),
        ("PUT", place + "bids/bid_x/", buy("room", 5000)),
        ("DELETE", place + "bids/bid_x/", None),
        ("POST", place + "participations/", {"limit_minor": 10000}),
        ("POST", "payment-methods/", {"payment_method": "pm_card_visa"}),
        ("POST", "keys/", {"scopes": ["read"]}),
        ("GET", "keys/", None),
    ):
        status, said = ask(looking, method, path, body)
        assert (status, said["code"]) == (403, "scope_missing"), path
    with dial(doors_only, market.ref, looking) as socket:
        assert hear(socket, kind="participation.active")
        socket.send(json.dumps({"type": "bid.submit", "id": 1, "key": "k", "data": buy("room", 5000)}))
        assert hear(socket, id=1)["data"]["code"] == "scope_missing"
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    headers = {"Authorization": f"Bearer {looking}", "Accept": "application/json, text/event-stream"}
    for tool, fine in (("whoami", True), ("bid", False)):
        arguments = {} if fine else {"market": market.ref, **buy("room", 5000)}
        message = call | {"params": {"name": tool, "arguments": arguments}}
        result = HTTP.post(f"{doors_only.url}/mcp", json=message, headers=headers).json()["result"]
        assert ("scope_missing" in result["content"][0]["text"]) is not fine


def test_no_key_makes_one_that_may_do_more(ask: Asking) -> None:
    trader = Trader(card=None)
    keys_only = ask(trader.key, "POST", "keys/", {"scopes": ["keys"]})[1]
    assert ask(trader.key, "POST", "keys/", {"scopes": ["operate"]})[1]["code"] == "operator_only"
    assert ask(keys_only["key"], "POST", "keys/", {"scopes": ["trade"]})[1]["code"] == "scope_missing"
    for scopes in ([], ["root"]):
        assert ask(trader.key, "POST", "keys/", {"scopes": scopes})[1]["code"] == "scope_unknown"
    own = ApiKey.objects.get(agent=trader.agent, scopes="read trade keys")
    assert ask(keys_only["key"], "POST", f"keys/{own.ref}/rotate/", {})[1]["code"] == "scope_missing"
    for method, path in (("DELETE", f"keys/{own.ref}/"), ("POST", f"keys/{own.ref}/rotate/")):
        assert ask(Trader(card=None).key, method, path, {})[1]["code"] == "key_not_found"


def test_rotation_overlaps_and_a_repeat_shows_the_same_key(ask: Asking) -> None:
    trader = Trader(card=None)
    old = ApiKey.objects.get(agent=trader.agent)
    rotate = (trader.key, "POST", f"keys/{old.ref}/rotate/", {"overlap_s": 600}, "k")
    status, new = ask(*rotate)
    assert (status, ask(*rotate)) == (201, (201, new))
    assert ask(new["key"], "GET", "me/")[1]["key"] == new["id"]
    assert ask(trader.key, "GET", "me/")[0] == 200
    rows = ask(new["key"], "GET", "keys/")[1]["keys"]
    assert [(row["id"], row["expires_at"] is None) for row in rows] == [(new["id"], True), (old.ref, False)]
    assert new["key"] not in json.dumps(rows)
    ApiKey.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    time.sleep(2.1)  # what a process remembers of a key
    status, said = ask(trader.key, "GET", "me/")
    assert (status, said["code"]) == (401, "key_expired")
    assert ask(new["key"], "POST", f"keys/{old.ref}/rotate/", {})[1]["code"] == "key_over"
    assert [row["id"] for row in ask(new["key"], "GET", "keys/")[1]["keys"]] == [new["id"]]


def test_an_agent_has_a_bounded_number_of_keys(ask: Asking) -> None:
    trader = Trader(card=None)
    made = [ask(trader.key, "POST", "keys/", {"scopes": ["read"]}) for _ in range(limits.KEYS_PER_AGENT)]
    assert [status for status, _ in made] == [201] * (limits.KEYS_PER_AGENT - 1) + [409]
    assert made[-1][1]["code"] == "too_many_keys"


def test_a_revoked_or_expired_key_ends_its_sockets_within_seconds(ask: Asking, doors_only: Server) -> None:
    trader, market = Trader(card=None), open_a_market()
    short = ask(trader.key, "POST", "keys/", {"scopes": ["read"], "expires_in_s": 1})[1]
    doomed = ask(trader.key, "POST", "keys/", {"scopes": ["read", "trade"]})[1]
    with ExitStack() as stack:
        lasting = stack.enter_context(dial_inbox(doors_only, trader.key))
        ending = (dial(doors_only, market.ref, doomed["key"]), dial_inbox(doors_only, doomed["key"]))
        sockets = [stack.enter_context(socket) for socket in ending]
        began = time.monotonic()
        status, said = ask(trader.key, "DELETE", f"keys/{doomed['id']}/")
        assert (status, said["revoked_at"] is None) == (200, False)
        assert ask(trader.key, "DELETE", f"keys/{doomed['id']}/") == (200, said)
        sockets.append(stack.enter_context(dial_inbox(doors_only, short["key"])))
        for socket in sockets:
            assert hear(socket, type="error")["data"]["code"] in ("key_revoked", "key_expired")
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=10)
            assert socket.close_code == 4401
        assert time.monotonic() - began < 15
        lasting.send('{"type": "ping", "id": 1}')
        assert hear(lasting, id=1)["type"] == "pong"
    assert ask(doomed["key"], "GET", "me/")[1]["code"] == "key_revoked"
