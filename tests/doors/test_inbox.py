"""The inbox through its doors: by socket, by long poll, and never to another agent."""

import asyncio
import json
import threading
import time

import httpx
import pytest
from django.db import connections, transaction
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from marketplace.agents.inbox import tell
from tests.doors.test_socket import hear
from tests.factories import Trader, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def dial(server: Server, key: str | None, query: str = "") -> ClientConnection:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return connect(f"{server.socket_url}/ws/v1/inbox/{query}", additional_headers=headers, proxy=None)


def poll(server: Server, trader: Trader, **query: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {trader.key}"}
    return HTTP.get(f"{server.url}/api/v1/inbox/", params=query, headers=headers, timeout=40)


def note(trader: Trader, n: int) -> None:
    with transaction.atomic():
        tell(agent_ref=trader.agent.ref, kind="checkin.asked", facts={"n": n})


def test_socket_and_long_poll_tell_the_same_bytes_and_nothing_of_others(doors_only: Server) -> None:
    ours, theirs = Trader(), Trader()
    for market in (open_a_market(), open_a_market()):
        ours.join(market)
    theirs.join(open_a_market())
    with dial(doors_only, ours.key) as socket:
        frames = [str(socket.recv(timeout=10)) for _ in range(2)]
    answer = poll(doors_only, ours)
    assert answer.text == '{"events":[' + ",".join(frames) + '],"after":2}'
    assert [event["kind"] for event in answer.json()["events"]] == ["participation.active"] * 2
    assert poll(doors_only, ours, after=1).json()["events"] == answer.json()["events"][1:]
    browser = {"Authorization": f"Bearer {ours.key}", "Accept": "application/json, text/html;q=0.1"}
    assert HTTP.get(f"{doors_only.url}/api/v1/inbox/", headers=browser).content == answer.content
    assert theirs.agent.ref not in answer.text


def test_a_long_poll_ends_with_the_event(doors_only: Server) -> None:
    trader = Trader()
    note(trader, 1)
    assert poll(doors_only, trader, after=1).json() == {"events": [], "after": 1}

    def later() -> None:
        time.sleep(2)
        note(trader, 2)
        connections.close_all()

    thread = threading.Thread(target=later)
    thread.start()
    told = poll(doors_only, trader, after=1, wait=30)
    thread.join()
    assert [event["data"] for event in told.json()["events"]] == [{"n": 2}]
    assert told.json()["after"] == 2


@pytest.mark.parametrize(
    ("query", "code"), [({"wait": 31}, "out_of_range"), ({"after": "x"}, "out_of_range"), ({"a": 1}, "unknown_filter")]
)
def test_nonsense_is_refused(doors_only: Server, query: dict, code: str) -> None:
    answer = poll(doors_only, Trader(card=None), **query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_who_goes_away_is_not_waited_for(doors_only: Server) -> None:
    """A hundred callers give up at once; the server is as before."""
    trader = Trader(card=None)
    headers = {"Authorization": f"Bearer {trader.key}"}

    async def crowd() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=0.7, limits=httpx.Limits(max_connections=None)) as http:
            url = f"{doors_only.url}/api/v1/inbox/?wait=30"
            gone = await asyncio.gather(*(http.get(url, headers=headers) for _ in range(100)), return_exceptions=True)
            assert {type(error) for error in gone} == {httpx.ReadTimeout}

    asyncio.run(crowd())
    note(trader, 1)
    assert poll(doors_only, trader).json()["after"] == 1


def test_a_socket_resumes_by_number_and_takes_its_key_in_a_frame(doors_only: Server) -> None:
    trader, other = Trader(card=None), Trader(card=None)
    for n in range(3):
        note(trader, n)
    with dial(doors_only, None, "?after=1") as socket:
        socket.send(json.dumps({"type": "auth", "id": 1, "key": trader.key}))
        assert [hear(socket, type="event")["data"]["n"] for _ in range(2)] == [1, 2]
        socket.send(json.dumps({"type": "auth", "id": 2, "key": other.key}))
        assert hear(socket, id=2)["data"]["code"] == "socket_taken"
        socket.send('{"type": "bid.submit", "id": 3, "key": "k", "data": {}}')
        assert hear(socket, id=3)["data"]["code"] == "unknown_frame"
        note(trader, 3)
        assert hear(socket, type="event")["data"]["n"] == 3


def test_who_does_not_say_who_it_is_is_closed(doors_only: Server) -> None:
    with dial(doors_only, None) as socket:
        assert hear(socket, type="error")["data"]["code"] == "key_missing"
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
        assert socket.close_code == 4401
