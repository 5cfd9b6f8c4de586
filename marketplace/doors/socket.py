"""A websocket of one agent: who it is, its frames and their answers, the streams that it follows."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import parse_qs

import msgspec
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from marketplace.agents.keys import Identity, bearer
from marketplace.core import limits, strict_json, tracing
from marketplace.core.rates import rates
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import Answer, refused, said
from marketplace.doors.callers import identify
from marketplace.doors.feed import Feed
from marketplace.doors.hub import hub
from marketplace.doors.keywatch import key_watch

CLOSE_UNAUTHORISED, CLOSE_NOT_FOUND, CLOSE_TOO_SLOW, CLOSE_FULL = 4401, 4404, 4408, 4429
CLOSES = {404: CLOSE_NOT_FOUND, 429: CLOSE_FULL}
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
SEE = "See docs/protocol.md for the frames that a client may send."


class ClientFrame(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a client sends; `id` comes back with the answer, `key` is the idempotency key."""

    type: str
    id: str | int | None = None
    key: str | None = None
    data: Any = None


class AgentSocket(AsyncWebsocketConsumer):
    """What every socket has: a key as a header or in a first `auth` frame, `ping`, and gap-free events."""

    identity: Identity | None = None
    key = ""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Frames one after another.

        Channels' own loop makes two tasks for each frame, waits at a channel that no socket of ours has a use for, and
        changes threads to close database connections, of which a socket has none: several times what a frame costs.
        """
        self.scope, self.base_send = scope, send
        with contextlib.suppress(StopConsumer):
            while True:
                message = await receive()
                await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        """Accept, or close with a code that says why not."""
        self.tasks: set[asyncio.Task[None]] = set()
        self.forget_key: Callable[[], None] = lambda: None
        self.query = parse_qs(self.scope["query_string"].decode("latin-1"))
        self.feed = Feed(self.send_event, self._too_slow)
        await self.accept()
        try:
            await self._enter()
        except Refusal as refusal:
            await self.end(refusal)

    async def _enter(self) -> None:
        if hub.size >= limits.SUBSCRIPTIONS_PER_PROCESS:
            raise Refusal(429, "too_many_sockets", "This server has as many sockets as it takes.", "Come back later.")
        header = dict(self.scope["headers"]).get(b"authorization")
        key = None if header is None else bearer(header.decode("latin-1"))
        if key is not None:
            await identify(key)  # who brings a bad key is told so before anything else
        await self.opened()
        if key is not None:
            await self._sign_in(key)

    async def opened(self) -> None:
        """What a kind of socket does before anybody has said who it is. Raises Refusal."""

    async def signed_in(self, identity: Identity) -> None:
        """What a kind of socket does once it knows whose it is."""

    async def act(self, frame: ClientFrame) -> None:
        """What a kind of socket does with frames of its own. Raises Refusal."""
        raise Refusal(400, "unknown_frame", f"There is no frame type {frame.type[:64]!r} here.", SEE, "/type")

    async def _sign_in(self, key: str) -> None:
        """Take the key's identity, and have the key watched; another agent's key is refused."""
        identity = await identify(key)
        if self.identity is not None and self.identity.agent_id != identity.agent_id:
            detail = "This socket belongs to another agent already."
            raise Refusal(409, "socket_taken", detail, "Open a socket for each agent.", "/key")
        self.forget_key()
        self.identity, self.key = identity, key
        self.forget_key = key_watch.watch(key, self.end)
        await self.signed_in(identity)

    async def end(self, refusal: Refusal) -> None:
        """Say why, and close."""
        await self.answer(None, refused(refusal))
        await self.close(CLOSES.get(refusal.status, CLOSE_UNAUTHORISED))

    async def disconnect(self, code: int) -> None:
        """Let go of everything."""
        self.forget_key()
        await self.feed.stop()
        for task in list(self.tasks):
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One frame; a bad one is answered with an error frame and the socket lives on."""
        frame_id: Any = None
        tracing.begin()
        try:
            frame = _read(text_data)
            frame_id = frame.id
            rates.take(self.identity.key_ref if self.identity else f"socket {id(self)}").refuse_over()
            await self._act(frame)
        except Refusal as refusal:
            await self.answer(frame_id, refused(refusal))

    async def _act(self, frame: ClientFrame) -> None:
        if frame.type == "ping":
            await self.send(msgspec.json.encode({"type": "pong", "id": frame.id}).decode())
        elif frame.type == "auth":
            await self._sign_in(frame.key or "")
            assert self.identity is not None  # noqa: S101 - _sign_in has set it
            await self.answer(frame.id, said(200, {"agent": self.identity.agent_ref}))
        else:
            await self.act(frame)

    def spawn(self, act: Coroutine[Any, Any, None]) -> None:
        """Do something beside the frames that follow."""
        task = asyncio.create_task(act)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def answer(self, frame_id: Any, reply: Answer) -> None:
        """An `ack` or `error` frame with the answer's bytes in `data`."""
        kind = "ack" if reply.status < 400 else "error"
        head = msgspec.json.encode({"type": kind, "id": frame_id, "status": reply.status})
        await self._send((head[:-1] + b',"data":' + reply.body + b"}").decode())

    async def send_event(self, text: str) -> None:
        """One frame of a stream."""
        await self._send(text)

    async def _send(self, text: str) -> None:
        with contextlib.suppress(RuntimeError):  # the peer is gone; disconnect() follows
            await self.send(text)

    async def _too_slow(self) -> None:
        await self.close(CLOSE_TOO_SLOW)

    def number(self, name: str) -> int:
        """A number of the address's query; nonsense counts as 0, from which nothing is missed."""
        text = self.query.get(name, ["0"])[0]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _read(text: str | None) -> ClientFrame:
    if text is None:
        raise Refusal(400, "not_text", "A frame is text: one JSON object.", SEE)
    value = strict_json.parse(text.encode(), limits.FRAME_BYTES, limits.JSON_DEPTH + 1)
    return strict_json.shaped(strict_json.as_object(value), ClientFrame)


class NoSocket(AsyncWebsocketConsumer):
    """An address that no socket has."""

    async def connect(self) -> None:
        """Say so, as every door says it."""
        await self.accept()
        refusal = Refusal(404, "not_found", f"There is no socket at {self.scope['path'][:120]!r}.", SEE)
        head = b'{"type":"error","id":null,"status":404,"data":'
        await self.send((head + refusal.encoded() + b"}").decode())
        await self.close(CLOSE_NOT_FOUND)
