"""Mutated websocket frames: each is answered or refused, nothing is raised, no task and no subscription is left."""

import asyncio
import json
import random
import uuid

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator

from marketplace.bidding.intake import committer
from marketplace.bidding.models import Bid
from marketplace.core.rates import rates
from marketplace.doors.hub import hub
from marketplace.doors.keywatch import key_watch
from marketplace.doors.routing import websocket_application
from tests.factories import Trader, buy, curve, open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
BURST = 40
TOKENS = [
    b'"\\ud800"',
    b'"\\u0000"',
    b"\x00",
    b"\xff",
    b"\xf0\x9f",
    b'"type"',
    b"99999999999999999999",
    b"1e400",
    b"NaN",
]
TOKENS += [mark.encode() for mark in ["{", "}", "[", "]", ":", ",", '"', "\\", "null", "true", "-1", "[]"]]


def seeds(key: str, bid: str) -> list[bytes]:
    """Good frames of every kind."""
    frames = [
        {"type": "auth", "id": 1, "key": key},
        {"type": "ping", "id": "a"},
        {"type": "bid.submit", "id": 2, "key": str(uuid.uuid4()), "data": buy("room", 5000)},
        {"type": "bid.submit", "id": 3, "key": str(uuid.uuid4()), "data": curve("room", (1, 70)) | {"replaces": bid}},
        {"type": "bid.withdraw", "id": 4, "data": {"bid": bid}},
    ]
    return [json.dumps(frame).encode() for frame in frames]


def mutated(frame: bytes, chance: random.Random) -> bytes:
    """A frame with a few faults."""
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randint(0, len(frame)) for _ in range(2))
        kind = chance.randrange(6)
        if kind == 0:
            frame = frame[:at] + frame[to:]
        elif kind == 1:
            frame = frame[:at] + chance.choice(TOKENS) + frame[at:]
        elif kind == 2:
            frame = frame[:to] + frame[at:to] * chance.choice((1, 2, 30)) + frame[to:]
        elif kind == 3 and frame:
            frame = frame[:at] + bytes([chance.randrange(256)]) + frame[at + 1 :]
        elif kind == 4:
            frame = frame[:at] + b"[" * chance.choice((1, 40)) + frame[at:]
        else:
            frame = frame[:at] + chance.choice(TOKENS) + frame[to:]
    return frame[:70_000]


class Socket:
    """A client's end of a websocket, without a network between."""

    def __init__(self, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers, "subprotocols": []}
        self._line = ApplicationCommunicator(websocket_application(), scope)

    async def connect(self) -> None:
        await self._line.send_input({"type": "websocket.connect"})
        assert (await self._line.receive_output(10))["type"] == "websocket.accept"

    async def send(self, raw: bytes) -> None:
        try:
            await self._line.send_input({"type": "websocket.receive", "text": raw.decode()})
        except UnicodeDecodeError:
            await self._line.send_input({"type": "websocket.receive", "bytes": raw})

    async def heard_until(self, mark: str) -> list[dict]:
        """What came until the answer to a last ping; every frame of the server is a JSON object."""
        await self.send(json.dumps({"type": "ping", "id": mark}).encode())
        heard: list[dict] = []
        while not heard or heard[-1].get("id") != mark:
            heard.append(json.loads((await self._line.receive_output(30))["text"]))
        return heard[:-1]

    async def close(self) -> None:
        await self._line.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._line.wait(10)


async def storm(path: str, key: str, bid: str, frames: int, chance: random.Random) -> int:
    """One socket's life among mutated frames; how many of them were answered."""
    answered = 0
    while frames > 0:
        headers = [(b"authorization", f"Bearer {key}".encode())] if chance.random() < 0.7 else []
        socket = Socket(path, headers)
        await socket.connect()
        for burst in range(min(10, frames // BURST + 1)):
            for _ in range(BURST):
                await socket.send(mutated(chance.choice(seeds(key, bid)), chance))
            frames -= BURST
            heard = await socket.heard_until(f"mark {burst}")
            assert all(frame["type"] in ("ack", "error", "event", "pong") for frame in heard)
            assert all(400 <= frame["status"] < 500 for frame in heard if frame["type"] == "error")
            answered += sum(frame["type"] != "event" for frame in heard)
        await socket.close()
    return answered


@pytest.mark.parametrize("frames", [20_000, pytest.param(200_000, marks=pytest.mark.prove)])
async def test_mutated_frames_raise_nothing_and_leave_nothing(frames: int, monkeypatch, caplog) -> None:
    monkeypatch.setattr(rates, "_limit", 0)
    market, trader, bid = await sync_to_async(scene)()
    before = asyncio.all_tasks()
    committer.start()
    answered = await storm(f"/ws/v1/markets/{market}/", trader.key, bid, frames * 9 // 10, random.Random(1))
    answered += await storm("/ws/v1/inbox/", trader.key, bid, frames // 10, random.Random(2))
    await committer.drain()
    assert answered >= frames * 0.99  # those still being decided when their socket closes are not told
    assert asyncio.all_tasks() - before == set()
    assert hub.size == 0
    assert key_watch.size == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert await Bid.objects.acount() >= 1


def scene() -> tuple[str, Trader, str]:
    market, trader = open_a_market(), Trader()
    trader.join(market, 10_000)
    return market.ref, trader, trader.bid(market, buy("room", 5000)).bid.ref
