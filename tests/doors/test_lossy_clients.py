"""Streams under loss: frames dropped, doubled and out of order; every client ends with the same view."""

import asyncio
import importlib.util
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.db import connections, transaction

from marketplace.core import streams
from marketplace.demo.place import ROOT
from tests.factories import Trader, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
BAD = 0.3  # of all frames
EVENTS, WRITES = 60, 6
SPEC = importlib.util.spec_from_file_location("served_client", ROOT / "marketplace/doors/client.py")
client: Any = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(client)
client.IDLE, client.STEADY = 1.0, 0.5  # seconds; a line as bad as this one is tried anew soon


@pytest.fixture
def unlimited(transactional_db: None, tmp_path) -> Iterator[Server]:
    server = Server(sweeps=False, log=tmp_path / "lossy.log", WALRAS_RATE_LIMIT="0")
    yield server
    server.stop()
    assert "Traceback" not in server.log.read_text()


class Lossy(client.Walras):
    """The client that the server hands out, on a line that loses, repeats and overtakes."""

    def __init__(self, url: str, key: str, chance: random.Random) -> None:
        super().__init__(url, key, patience=300)
        self._chance, self.bad = chance, 0

    @asynccontextmanager
    async def _connection(self, path: str, place: Any) -> AsyncIterator[AsyncIterator[str]]:
        async with super()._connection(path, place) as socket:
            yield self._spoilt(socket)

    async def _spoilt(self, socket: AsyncIterator[str]) -> AsyncIterator[str]:
        held: str | None = None
        async for text in socket:
            if self._chance.random() >= BAD:
                yield text
            else:
                self.bad += 1
                fate = self._chance.choice(("dropped", "doubled", "held"))
                if fate == "doubled":
                    yield text
                    yield text
                elif fate == "held":
                    held, text = text, held
                    if text is not None:
                        yield text
                continue
            if held is not None:
                yield held
                held = None


def write(name: str, numbers: range) -> None:
    with transaction.atomic():
        streams.append_all([streams.Entry(name, "round.failed", {"n": n}) for n in numbers])
    connections.close_all()


async def follow(walker: Lossy, market: str, heads: dict[str, int]) -> list[str]:
    """The view of a client once it has the last event of each stream, as text."""
    seen: dict[str, list[dict]] = {name: [] for name in heads}
    async with walker:
        async for event in walker.follow(market):
            seen[event["stream"]].append(event)
            if all(rows and rows[-1]["seq"] == heads[name] for name, rows in seen.items()):
                return [json.dumps(seen[name]) for name in heads]
    raise AssertionError("the stream has ended")


async def story(server: Server, market: Any, traders: list[tuple[Trader, str]], clients: int) -> None:
    names = [market.stream, *(name for _, name in traders)]
    begun = {name: len(await asyncio.to_thread(streams.read, name)) for name in names}
    heads = {name: begun[name] + EVENTS for name in names}
    walkers, following = [], []
    for n in range(clients):
        trader, own = traders[n % len(traders)]
        walkers.append(Lossy(server.url, trader.key, random.Random(n)))
        wanted = {market.stream: heads[market.stream], own: heads[own]}
        following.append(asyncio.create_task(follow(walkers[-1], market.ref, wanted)))
        if n % 50 == 49:
            await asyncio.sleep(0.5)
    for start in range(0, EVENTS, EVENTS // WRITES):
        for name in names:
            await asyncio.to_thread(write, name, range(start, start + EVENTS // WRITES))
        await asyncio.sleep(0.3)
    views = await asyncio.wait_for(asyncio.gather(*following), 40 + clients)
    assert sum(walker.bad for walker in walkers) > clients * EVENTS * BAD / 2  # the line was as bad as it should be
    truth = {name: await asyncio.to_thread(rows_of, name) for name in names}
    for n, view in enumerate(views):
        assert view == [truth[market.stream], truth[traders[n % len(traders)][1]]]


def rows_of(name: str) -> str:
    try:
        return json.dumps([json.loads(streams.frame(name, row)) for row in streams.read(name)])
    finally:
        connections.close_all()


@pytest.mark.parametrize("clients", [6, pytest.param(1000, marks=pytest.mark.prove)])
def test_all_clients_end_with_the_same_view(unlimited: Server, clients: int) -> None:
    market, traders = open_a_market(), [Trader() for _ in range(5)]
    owned = [(trader, trader.join(market, 10_000).stream) for trader in traders]
    asyncio.run(story(unlimited, market, owned, clients))
