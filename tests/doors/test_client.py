"""The served client against a real server, with the connection cut in between: nothing lost, nothing done twice."""

import asyncio
import contextlib
import types
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from django.db import connections

from marketplace.bidding.models import Bid, Participation
from tests.factories import Trader, buy, close_now, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def served_client(server: Server) -> types.ModuleType:
    """The module that the server hands out, run as it came."""
    answer = httpx.get(f"{server.url}/client.py", trust_env=False).raise_for_status()
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"
    assert answer.text.count("\n") <= 300
    module = types.ModuleType("walras_client")
    exec(compile(answer.text, "client.py", "exec"), module.__dict__)
    return module


class Line:
    """A line to the server that can be cut, or that swallows the next answer."""

    def __init__(self, port: int) -> None:
        self._port, self._writers = port, set()
        self.swallow = 0
        self.connections = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        listener = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        async with listener:
            yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            self.cut()

    def cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, ours}
        await asyncio.gather(self._pump(reader, ours), self._pump(theirs, writer, answers=True))
        self._writers -= {writer, ours}

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, answers: bool = False) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(65536):
                if answers and self.swallow and b'"receipt"' in chunk:
                    self.swallow -= 1
                    self.cut()  # the bid is on disk; its sender will never hear so from this connection
                    return
                sink.write(chunk)
                await sink.drain()
        sink.close()


def test_a_client_whose_line_is_cut_trades_as_if_nothing_had_been(server: Server) -> None:
    seller, trader, other = Trader(card=None, payout=True), Trader(), Trader()
    market = open_a_market(lots=[{"id": "room", "seller": seller.agent.ref}])
    client, asked = served_client(server), []

    def decide(moment: object) -> dict | None:
        asked.append((moment.event["stream"].partition(":")[0], moment.event["seq"]))
        return buy("room", 5000 + len(asked)) if len(asked) <= 3 else None

    async def story() -> dict:
        line = Line(server.port)
        line.swallow = 1
        async with line.open() as url, client.Walras(url, trader.key) as walras:
            trading = asyncio.ensure_future(walras.trade(market.ref, 10_000, decide))
            await until(lambda: len(asked) >= 2)
            line.cut()
            await asyncio.to_thread(alone, other.join, market)
            await until(lambda: len(asked) >= 4)
            line.cut()
            await asyncio.to_thread(alone, close_now, market)
            outcome = await asyncio.wait_for(trading, 40)
            again = [event async for event in first(walras.follow(market.ref), 4)]
            assert len(again) == 4
            assert line.connections >= 4
            return outcome

    outcome = asyncio.run(story())
    assert outcome["mine"]["won"] is True
    assert Participation.objects.filter(agent=trader.agent).count() == 1
    assert [(bid.seq, bid.status) for bid in Bid.objects.order_by("seq")] == [
        (1, "replaced"),
        (2, "replaced"),
        (3, "accepted"),
    ]
    for stream in ("market", "participation"):
        numbers = [seq for name, seq in asked if name == stream]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))  # each once, none missing


def alone(act: Callable, *arguments: object) -> None:
    """Do something in a thread that has the database for this alone."""
    try:
        act(*arguments)
    finally:
        connections.close_all()


async def until(met: object) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(30):
        while not met():
            await asyncio.sleep(0.02)


async def first(events: AsyncIterator[dict], count: int) -> AsyncIterator[dict]:
    """So many of them."""
    async for event in events:
        yield event
        count -= 1
        if not count:
            return


def test_refusals_are_raised_and_a_server_away_tries_the_patience(doors_only: Server) -> None:
    market, trader, client = open_a_market(), Trader(), served_client(doors_only)

    async def code_of(act: object) -> str:
        with pytest.raises(client.RefusedError) as caught:
            await act
        return caught.value.code

    async def story() -> None:
        async with client.Walras(doors_only.url, trader.key) as walras:
            assert await code_of(walras.bid(market.ref, buy("room", 5000))) == "not_joined"
            assert (await walras.preview(market.ref, buy("room", 5000)))["would"] == "not_joined"
            assert await code_of(anext(walras.follow("mkt_none"))) == "market_not_found"
            await walras.join(market.ref, 10_000)
            ref = (await walras.bid(market.ref, buy("room", 5000)))["id"]
            assert await walras.standing(market.ref) == ref
            assert (await walras.withdraw(market.ref, ref))["status"] == "withdrawn"
            assert [row["id"] for row in await walras.markets(state="open")] == [market.ref]
        async with client.Walras(doors_only.url, "wk_test_wrong") as walras:
            assert await code_of(walras.me()) == "key_unknown"
            assert await code_of(anext(walras.follow(market.ref))) == "key_unknown"
        async with client.Walras("http://127.0.0.1:9", trader.key, patience=0.2) as walras:
            with pytest.raises(client.AwayError):
                await walras.me()

    asyncio.run(story())


def test_language_models_are_told_where_to_begin(doors_only: Server) -> None:
    answer = httpx.get(f"{doors_only.url}/llms.txt", trust_env=False).raise_for_status()
    assert answer.text.startswith("# Walras\n")
    assert f"({doors_only.url}/mcp)" in answer.text
    assert "{here}" not in answer.text
