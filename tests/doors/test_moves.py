"""Moves through every door: the same answers, whose turn it is, refused by name, a flood that loses nothing."""

import asyncio
import json
import uuid

import pytest
from websockets.sync.client import ClientConnection

from marketplace.bidding.models import Move
from marketplace.markets.models import Market
from tests.doors.test_mcp import Model, connected
from tests.doors.test_socket import dial, hear
from tests.factories import Trader, open_a_haggle, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
STAY = {"price": 12000, "breakfast": "yes", "cancellation": "free"}


def table(**stated: object) -> tuple[Market, Trader, Trader]:
    hotel, guest = Trader(card=None, payout=True), Trader()
    market = open_a_haggle(hotel, **stated)
    hotel.join(market, 0)
    guest.join(market, 150_00)
    return market, hotel, guest


def offer(price: int = 12000) -> dict:
    return {"type": "offer", "data": {"agreement": {**STAY, "price": price}}}


def post(server: Server, market: Market, trader: Trader, body: object, key: str | None = None):
    url = f"{server.url}/api/v1/markets/{market.ref}/moves/"
    return HTTP.post(url, json=body, headers=trader.headers(key))


def send(socket: ClientConnection, body: dict, key: str | None = None) -> dict:
    socket.send(
        json.dumps({"id": (name := str(uuid.uuid4())), "type": "move.submit", "key": key or name, "data": body})
    )
    return hear(socket, id=name)


def test_two_haggle_by_socket_and_rest_and_each_is_told_its_turn(doors_only: Server) -> None:
    market, hotel, guest = table(params={"answer_s": 600, "first": "buyer"})
    with dial(doors_only, market.ref, hotel.key, "?mine=1") as socket:
        made = post(doors_only, market, guest, offer(), "k")
        assert (made.status_code, made.json()["means"]) == (
            201,
            "Offer: breakfast yes, cancellation free, price 120.00 EUR.",
        )
        heard = hear(socket, type="event", kind="move.made")["data"]
        assert (heard["n"], heard["data"], heard["turn"]) == (1, {"agreement": STAY}, [hotel_seat(market, hotel)])
        repeated = post(doors_only, market, guest, offer(), "k")
        assert repeated.json() == made.json()
        mine = HTTP.get(f"{doors_only.url}/api/v1/markets/{market.ref}/moves/", headers=hotel.headers()).json()
        assert mine["turn"]["your_turn"] is True
        assert mine["moves"][0]["data"] == {"agreement": STAY}
        for body, status, code in (
            ({"type": "offer", "data": {"agreement": {**STAY, "price": 1}}}, 422, "outside_domain"),
            ({"type": "accept", "n": 7}, 409, "wrong_number"),
            ({"type": "bid", "data": {"amount": 1}}, 409, "illegal_move"),
            ({"type": "accept", "agent": hotel.agent.ref}, 400, "unknown_field"),
            ({"type": "accept", "data": {"x": 1}}, 422, "unknown_field"),
        ):
            frame = send(socket, body)
            assert (frame["status"], frame["data"]["code"]) == (status, code)
            rest = post(doors_only, market, hotel, body)
            assert rest.json() == frame["data"]
        assert send(socket, {"type": "accept"})["data"]["turn"]["over"] is True
    assert Move.objects.count() == 2
    late = post(doors_only, market, guest, offer())
    assert (late.status_code, late.json()["code"]) == (409, "market_not_open")
    stranger = Trader()
    seen = HTTP.get(f"{doors_only.url}/api/v1/markets/{market.ref}/moves/", headers=stranger.headers()).json()
    assert (seen["moves"], seen["turn"]) == ([], None)
    inbox = HTTP.get(f"{doors_only.url}/api/v1/inbox/", headers=hotel.headers()).json()["events"]
    turns = [event["data"] for event in inbox if event["kind"] == "turn.yours"]
    assert [(each["n"], each["legal"]) for each in turns] == [(1, ["accept", "reject", "offer", "walk_away"])]


def hotel_seat(market: Market, trader: Trader) -> str:
    return str(market.participations.get(agent=trader.agent).ref)


def test_a_model_haggles_by_tools(doors_only: Server) -> None:
    market, hotel, guest = table(params={"answer_s": 600, "first": "seller"})

    async def both() -> None:
        async with connected(doors_only, hotel.key) as seller, connected(doors_only, guest.key) as buyer:
            await haggle(seller, buyer)

    async def haggle(seller: Model, buyer: Model) -> None:
        told = await seller.call("wait", market=market.ref, seconds=1)
        assert [each["type"] for each in told["turn"]["legal"]] == ["offer", "walk_away"]
        first = await seller.call("move", market=market.ref, n=1, **offer(15000))
        assert first["next"].startswith("wait")
        assert await seller.call("move", market=market.ref, n=1, **offer(15000)) == first
        told = await buyer.call("wait", market=market.ref, seconds=5)
        assert told["turn"]["public"]["offer"]["price"] == 15000
        await buyer.call("move", market=market.ref, n=2, type="reject")
        await buyer.call("move", market=market.ref, n=3, **offer(9000))
        wrong = await seller.call("move", market=market.ref, n=3, type="accept")
        assert (wrong["code"], wrong["turn"]["n"]) == ("wrong_number", 3)
        over = await seller.call("move", market=market.ref, n=4, type="accept")
        assert over["next"].startswith("It is over")

    asyncio.run(both())
    assert list(Move.objects.order_by("n").values_list("type", flat=True)) == ["offer", "reject", "offer", "accept"]


def test_a_flood_of_moves_loses_nothing_and_reaches_no_other(doors_only: Server) -> None:
    traders = [Trader(), Trader()]
    market = open_a_market(mechanism="continuous_double_auction", lots=[{"id": "coal"}])
    for trader in traders:
        trader.join(market, 100_00)
    order = {"type": "order", "data": {"lot": "coal", "quantity": 1, "price": 1}}
    with dial(doors_only, market.ref, traders[0].key) as flood, dial(doors_only, market.ref, traders[1].key) as calm:
        for n in range(200):
            flood.send(json.dumps({"id": n, "type": "move.submit", "key": f"k{n}", "data": order}))
        assert send(calm, order)["status"] == 201
        answers = [hear(flood, id=n) for n in range(200)]
    assert {answer["status"] for answer in answers} == {201}
    numbers = [answer["data"]["n"] for answer in answers]
    assert numbers == sorted(numbers)  # one socket's moves are made in its order
    assert sorted(Move.objects.values_list("n", flat=True)) == list(range(1, 202))


def test_what_an_english_bidder_would_pay_is_told_to_nobody(doors_only: Server) -> None:
    """Two worlds that differ in the proxy's amount alone look the same to everybody but its bidder."""
    seen = []
    for amount in (7001, 9999):
        ann, bob, operator = Trader(), Trader(), Trader(scope="operate", card=None)
        market = open_a_market(title="A ring", mechanism="english", disclosure="public", lots=[{"id": "ring"}])
        names = {trader.join(market).ref: name for trader, name in ((ann, "ann"), (bob, "bob"))}
        post(doors_only, market, ann, {"type": "bid", "data": {"amount": amount}})
        post(doors_only, market, bob, {"type": "bid", "data": {"amount": 5000}})
        told = []
        for trader in (bob, operator):
            for place in ("", "moves/", "events/", "outcome/", "report.csv", "package/"):
                url = f"{doors_only.url}/api/v1/markets/{market.ref}/{place}"
                told.append(HTTP.get(url, headers=trader.headers()).text)
        told.append(HTTP.get(f"{doors_only.url}/markets/{market.ref}/").text)
        text = "\n".join(told)
        assert str(amount) not in text
        for ref, name in names.items():
            text = text.replace(ref, name)
        assert '"price":5001' in text
        seen.append(len(text))
    assert abs(seen[0] - seen[1]) < 40  # instants and names of equal length; no more tells them apart
