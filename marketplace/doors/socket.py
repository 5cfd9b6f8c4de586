"""The websocket door of one market: acknowledged bids in, gap-free events out."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qs

import msgspec
from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from marketplace.agents.keys import Identity, bearer
from marketplace.bidding.models import Participation
from marketplace.core import limits, strict_json
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import Answer, answer_bid, answer_withdrawal, find_terms, identify, refused
from marketplace.doors.feed import Feed
from marketplace.doors.hub import hub

CLOSE_UNAUTHORISED, CLOSE_NOT_FOUND, CLOSE_TOO_SLOW, CLOSE_FULL = 4401, 4404, 4408, 4429
KEY_WATCH_SECONDS = 3.0  # a revoked key ends its sockets within this time and the cache of agents/keys.py
CLOSES = {404: CLOSE_NOT_FOUND, 429: CLOSE_FULL}
IN_FLIGHT = 64  # bids of one socket that may wait for their acknowledgement
_SEE = "See docs/protocol.md for the frames that a client may send."


class ClientFrame(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a client sends; `id` comes back with the answer, `key` is the idempotency key."""

    type: str
    id: str | int | None = None
    key: str | None = None
    data: Any = None


class WithdrawData(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The `data` of `bid.withdraw`."""

    bid: str


class MarketSocket(AsyncWebsocketConsumer):
    """One client in one market."""

    identity: Identity | None = None
    key = ""
    market_ref = ""

    async def connect(self) -> None:
        """Accept, or close with a code that says why not; the key comes as a header or in a first `auth` frame."""
        self.tasks: set[asyncio.Task[None]] = set()
        self.market_ref = self.scope["url_route"]["kwargs"]["market_ref"]
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        self.after, self.mine = _number(query, "after"), _number(query, "mine")
        await self.accept()
        try:
            await self._enter()
        except Refusal as refusal:
            await self._answer(None, refused(refusal))
            await self.close(CLOSES.get(refusal.status, CLOSE_UNAUTHORISED))
            return
        self.feed = Feed(self._send_event, self._too_slow)
        self.feed.follow(f"market:{self.market_ref}", self.after)
        await self._follow_own()

    async def _enter(self) -> None:
        if hub.size >= limits.SUBSCRIPTIONS_PER_PROCESS:
            raise Refusal(429, "too_many_sockets", "This server has as many sockets as it takes.", "Come back later.")
        await find_terms(self.market_ref)
        header = dict(self.scope["headers"]).get(b"authorization")
        if header is not None:
            await self._sign_in(bearer(header.decode("latin-1")))

    async def _sign_in(self, key: str) -> None:
        """Take the key's identity, and watch whether the key stays good."""
        identity, known = await identify(key), self.key
        self.identity, self.key = identity, key
        if not known:
            self._spawn(self._watch_key())

    async def _watch_key(self) -> None:
        while True:
            await asyncio.sleep(KEY_WATCH_SECONDS)
            try:
                await identify(self.key)
            except Refusal as refusal:
                await self._answer(None, refused(refusal))
                await self.close(CLOSE_UNAUTHORISED)
                return

    async def disconnect(self, code: int) -> None:
        """Let go of everything."""
        if hasattr(self, "feed"):
            await self.feed.stop()
        for task in list(self.tasks):
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One frame; a bad one is answered with an error frame and the socket lives on."""
        frame_id: Any = None
        try:
            frame = _read(text_data)
            frame_id = frame.id
            await self._act(frame)
        except Refusal as refusal:
            await self._answer(frame_id, refused(refusal))

    async def _act(self, frame: ClientFrame) -> None:
        if frame.type == "ping":
            await self.send(msgspec.json.encode({"type": "pong", "id": frame.id}).decode())
        elif frame.type == "auth":
            await self._sign_in(frame.key or "")
            assert self.identity is not None  # noqa: S101 - _sign_in has set it
            await self._answer(frame.id, Answer(200, {}, msgspec.json.encode({"agent": self.identity.agent_ref})))
            await self._follow_own()
        elif frame.type in ("bid.submit", "bid.withdraw"):
            await self._submit(frame)
        else:
            raise Refusal(400, "unknown_frame", f"There is no frame type {frame.type[:64]!r}.", _SEE, "/type")

    async def _submit(self, frame: ClientFrame) -> None:
        """Bids are decided beside each other, so that one socket may have many in flight."""
        if self.identity is None:
            bearer(None)
        if len(self.tasks) > IN_FLIGHT:
            raise Refusal(429, "too_many_in_flight", f"At most {IN_FLIGHT} bids may wait.", "Await some acks first.")
        self._spawn(self._decide(frame))

    def _spawn(self, act: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(act)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _decide(self, frame: ClientFrame) -> None:
        try:
            self.identity = await identify(self.key)  # the key may have been revoked meanwhile
            reply = await self._decided(frame, self.identity)
        except Refusal as refusal:
            reply = refused(refusal)
        await self._answer(frame.id, reply)

    async def _decided(self, frame: ClientFrame, identity: Identity) -> Answer:
        if frame.type == "bid.submit":
            return await answer_bid(frame.data, frame.key, identity, self.market_ref)
        bid = strict_json.shaped(strict_json.as_object(frame.data), WithdrawData).bid
        return await answer_withdrawal(bid, identity, self.market_ref)

    async def _answer(self, frame_id: Any, reply: Answer) -> None:
        kind = "ack" if reply.status < 400 else "error"
        head = msgspec.json.encode({"type": kind, "id": frame_id, "status": reply.status})
        await self._send_event((head[:-1] + b',"data":' + reply.body + b"}").decode())

    async def _send_event(self, text: str) -> None:
        if '"kind":"market.joined"' in text:
            await self._follow_own()
        with contextlib.suppress(RuntimeError):  # the peer is gone; disconnect() follows
            await self.send(text)

    async def _follow_own(self) -> None:
        """Follow the agent's private stream as soon as there is one."""
        if self.identity is not None and not self.feed.follows("participation:"):
            ref = await _participation_ref(self.market_ref, self.identity.agent_id)
            if ref is not None and not self.feed.follows("participation:"):
                self.feed.follow(f"participation:{ref}", self.mine)

    async def _too_slow(self) -> None:
        await self.close(CLOSE_TOO_SLOW)


def _read(text: str | None) -> ClientFrame:
    if text is None:
        raise Refusal(400, "not_text", "A frame is text: one JSON object.", _SEE)
    value = strict_json.parse(text.encode(), limits.FRAME_BYTES, limits.JSON_DEPTH + 1)
    return strict_json.shaped(strict_json.as_object(value), ClientFrame)


def _number(query: dict[str, list[str]], name: str) -> int:
    text = query.get(name, ["0"])[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


@sync_to_async(thread_sensitive=False)
def _participation_ref(market_ref: str, agent_id: int) -> str | None:
    rows = Participation.objects.filter(market__ref=market_ref, agent_id=agent_id)
    return rows.exclude(state=Participation.State.REFUSED).values_list("ref", flat=True).first()


class NoSocket(AsyncWebsocketConsumer):
    """An address that no socket has."""

    async def connect(self) -> None:
        """Say so, as every door says it."""
        await self.accept()
        refusal = Refusal(404, "not_found", f"There is no socket at {self.scope['path'][:120]!r}.", _SEE)
        head = b'{"type":"error","id":null,"status":404,"data":'
        await self.send((head + refusal.encoded() + b"}").decode())
        await self.close(CLOSE_NOT_FOUND)
