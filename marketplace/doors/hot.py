"""The hot POSTs, served round Django's view stack: the same answers at a third of the cost."""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from marketplace.agents.keys import Identity, bearer
from marketplace.core import limits
from marketplace.core.rates import rates
from marketplace.core.refs import PATTERN
from marketplace.core.refusals import Refusal
from marketplace.doors import batches, moving
from marketplace.doors.answer import Answer, answer, refused
from marketplace.doors.callers import identify

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Place = tuple[str, str]  # market, and which of its lists is posted to
_PLACES = re.compile(rf"/api/v1/markets/({PATTERN})/(bids|bid-batches|moves)/")
_DOORS = {
    "bids": (answer, limits.BODY_BYTES),
    "bid-batches": (batches.answer, limits.BATCH_BYTES),
    "moves": (moving.answer, limits.BODY_BYTES),
}
_READ = {b"authorization", b"idempotency-key"}


def hot_place(scope: dict[str, Any]) -> Place | None:
    """Where this request posts bids to, or None where Django shall answer (a browser's form, say)."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    match = _PLACES.fullmatch(scope["path"])
    if match is None or b"text/html" in dict(scope["headers"]).get(b"accept", b""):
        return None
    return match[1], match[2]


def most_bytes(place: Place) -> int:
    """How long a body may be there."""
    return _DOORS[place[1]][1]


async def serve_hot(place: Place, scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Read the request, answer it, send the answer: for servers that are not `doors/wire.py`."""
    raw = await read_body(receive, most_bytes(place))
    await respond(send, await answer_hot(place, scope["headers"], raw))


async def answer_hot(place: Place, given: Iterable[tuple[bytes, bytes]], raw: bytes) -> Answer:
    """The answer to a whole request; the names of its headers are in lower case, as ASGI has them."""
    market_ref, (door, _) = place[0], _DOORS[place[1]]
    headers = {name.decode(): value.decode("latin-1") for name, value in given if name in _READ}
    limited: dict[str, str] = {}
    try:
        identity = await identify(bearer(headers.get("authorization")))
        limited = counted(identity)
        reply = await door(raw, headers, identity, market_ref)
    except Refusal as refusal:
        reply = refused(refusal)
    return Answer(reply.status, limited | reply.headers, reply.body)


def counted(identity: Identity) -> dict[str, str]:
    """Count the request; the headers that say where the key stands. Raises Refusal."""
    standing = rates.take(identity.key_ref)
    if standing.over:
        standing.refuse_over()
    return standing.headers()


async def read_body(receive: Receive, most: int = limits.BODY_BYTES) -> bytes:
    """The whole body; what is past the bound is read and dropped, so that the client hears why."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size <= most + len(chunk):
            parts.append(chunk)
    return b"".join(parts)


async def respond(send: Send, reply: Answer, more: dict[str, str] | None = None) -> None:
    """Send an answer, with more headers where there are some."""
    headers = [(name.encode(), value.encode()) for name, value in ((more or {}) | reply.headers).items()]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
