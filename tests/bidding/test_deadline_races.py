"""Agents race the deadlines of many markets at once: what is cleared is what was acknowledged, to the last bid."""

import asyncio
import contextlib
import json
import random
import time
import uuid
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from marketplace.bidding.models import Bid
from marketplace.markets.models import Market, Round
from tests.factories import Trader, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
Standing = dict[str, tuple[str, int]]  # by participation: the bid acknowledged last, and its price
EVERY, BEFORE = 0.15, 0.4  # seconds between two deadlines, and from the first bids to their deadline


def offer(price: int) -> dict:
    """An offer to sell: nobody buys here, so that no money moves, and every offer is in the problem."""
    return {"steps": [{"lot": "room", "quantity": -1, "price": price}]}


async def posted(client: httpx.AsyncClient, path: str, body: dict, headers: dict) -> httpx.Response:
    """The answer; asked for again under the same key where the line broke, as when it was idle for too long."""
    for _ in range(20):
        with contextlib.suppress(httpx.TransportError):
            return await client.post(path, json=body, headers=headers)
        await asyncio.sleep(0.1)
    raise AssertionError(f"no answer from {path}")


async def race(client: httpx.AsyncClient, market: Market, trader: Trader, rng: random.Random) -> Standing:
    """Offer less and less until the market refuses; what was acknowledged last."""
    await asyncio.sleep(max(0.0, market.closes_at.timestamp() - time.time() - BEFORE * rng.random()))
    standing: Standing = {}
    for price in range(9000, 0, -1):
        named = {"replaces": next(iter(standing.values()))[0]} if standing else {}
        headers = trader.headers(str(uuid.uuid4()))
        answer = await posted(client, f"markets/{market.ref}/bids/", offer(price) | named, headers)
        said = answer.json()
        if answer.status_code != 201:
            assert said["code"] == "market_not_open", said
            break
        standing = {said["participation"]: (said["id"], price)}
    return standing


async def race_all(server: Server, markets: list[Market], traders: list[Trader], seed: int) -> list[Standing]:
    """Every agent in every market; what stands in each, as its agents were told."""
    rng, most = random.Random(seed), httpx.Limits(max_connections=32)
    base = f"{server.url}/api/v1/"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60, limits=most) as client:
        races = [race(client, market, trader, rng) for market in markets for trader in traders]
        ended = iter(await asyncio.gather(*races))
    return [{key: bid for _ in traders for key, bid in next(ended).items()} for _ in markets]


def cleared(market: Market) -> dict[str, int]:
    """Who stands in the problem that was cleared, and at which price."""
    until = time.monotonic() + 120
    while (round_ := market.rounds.first()) is None or round_.state != Round.State.CLEARED:
        assert time.monotonic() < until, round_ and (round_.state, round_.failure)
        time.sleep(0.1)
    return {bid["agent"]: bid["steps"][0]["price"] for bid in json.loads(round_.problem)["bids"]}


def check(server: Server, count: int, agents: int, seed: int) -> None:
    """Open, join, let the deadlines come one after another, compare."""
    markets = [open_a_market(mechanism="double_auction") for _ in range(count)]
    traders = [Trader(card=None) for _ in range(agents)]
    for market in markets:
        for trader in traders:
            trader.join(market, 0)
    first = timezone.now() + timedelta(seconds=1.5)
    for n, market in enumerate(markets):
        market.closes_at = first + timedelta(seconds=EVERY * n)
        Market.objects.filter(pk=market.pk).update(closes_at=market.closes_at)
    told = asyncio.run(race_all(server, markets, traders, seed))
    for market, standing in zip(markets, told, strict=True):
        assert cleared(market) == {participation: price for participation, (_, price) in standing.items()}
        rows = Bid.objects.filter(market=market)
        assert {bid for bid, _ in standing.values()} == {bid.ref for bid in rows.filter(status="accepted")}
        assert [bid.seq for bid in rows.order_by("seq")] == list(range(1, len(rows) + 1))
        assert all(bid.at < market.closes_at for bid in rows)
    assert sum(map(len, told)) > count


def test_what_is_cleared_is_what_was_acknowledged(server: Server) -> None:
    check(server, count=6, agents=8, seed=1)


@pytest.mark.prove
def test_what_is_cleared_is_what_was_acknowledged_in_200_markets_of_50_agents(server: Server) -> None:
    check(server, count=200, agents=50, seed=2)
