"""Withdrawing and replacing by REST and by websocket: one answer, also to a repeat."""

import json
import uuid

import httpx
import pytest

from tests.doors.test_socket import dial, hear, hear_each
from tests.factories import Trader, buy, close_now, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def test_a_bid_is_replaced_and_withdrawn_at_every_door(doors_only: Server) -> None:
    market, trader, stranger = open_a_market(), Trader(), Trader()
    trader.join(market)
    bids = f"{doors_only.url}/api/v1/markets/{market.ref}/bids/"

    def ask(method: str, ref: str, body: dict | None = None, key: str | None = None, who: Trader = trader) -> tuple:
        answer = httpx.request(method, f"{bids}{ref}/", json=body, headers=who.headers(key), trust_env=False)
        return answer.status_code, answer.json()

    first = trader.bid(market, buy("room", 5000)).bid.ref
    key = str(uuid.uuid4())
    status, second = ask("PUT", first, buy("room", 6000), key)
    assert (status, second["status"]) == (201, "accepted")
    assert ask("PUT", first, buy("room", 6000), key) == (201, second)
    posted = httpx.post(
        bids, json=buy("room", 6000) | {"replaces": first}, headers=trader.headers(key), trust_env=False
    )
    assert posted.json() == second
    refusals = [
        ask("PUT", second["id"], buy("room", 1) | {"replaces": first}),
        ask("PUT", first, buy("room", 7000)),
        ask("PUT", second["id"], buy("suite", 7000)),
        ask("DELETE", first),
        ask("DELETE", second["id"], who=stranger),
        ask("DELETE", "bid_none"),
    ]
    assert [(status, said["code"]) for status, said in refusals] == [
        (422, "replaces_differs"),
        (404, "bid_not_found"),
        (422, "unknown_lot"),
        (409, "bid_replaced"),
        (404, "bid_not_found"),
        (404, "bid_not_found"),
    ]
    status, withdrawn = ask("DELETE", second["id"])
    assert (status, withdrawn) == (200, ask("GET", second["id"])[1])
    assert (withdrawn["status"], withdrawn["receipt"]) == ("withdrawn", second["receipt"])
    assert ask("DELETE", second["id"]) == (200, withdrawn)

    with dial(doors_only, market.ref, trader.key) as socket:
        socket.send(json.dumps({"type": "bid.withdraw", "id": 1, "data": {"bid": second["id"]}}))
        assert hear(socket, id=1)["data"] == withdrawn
        socket.send(json.dumps({"type": "bid.submit", "id": 2, "key": "k", "data": buy("room", 4000)}))
        third = hear(socket, id=2)["data"]["id"]
        socket.send(json.dumps({"type": "bid.withdraw", "id": 3, "data": {"bid": third}}))
        answer, event = hear_each(socket, {"id": 3}, {"kind": "bid.withdrawn", "seq": 6})
        assert (answer["data"]["status"], event["data"]) == ("withdrawn", {"bid": third})
        for data, code in ((None, "not_an_object"), ({}, "missing_field"), ({"bid": "bid_none"}, "bid_not_found")):
            socket.send(json.dumps({"type": "bid.withdraw", "id": code, "data": data}))
            assert hear(socket, id=code)["data"]["code"] == code
    close_now(market)
    assert ask("DELETE", third)[0] == 200  # withdrawn before, withdrawn still
