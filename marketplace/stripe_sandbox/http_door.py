"""The sandbox over HTTP: a small ASGI application over `answer`, without Django's handler in between."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from marketplace.stripe_sandbox.answer import Request, answer

BODY_BYTES = 1024 * 1024
THREADS = 8
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Application:
    """One pool of threads, each with its own database connection."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="stripe-sandbox-http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        query = scope["query_string"].decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(scope["method"], target, headers, body)
        reply = await asyncio.get_running_loop().run_in_executor(self._pool, answer, request)
        shown = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
        shown.append((b"content-length", str(len(reply.body)).encode()))
        if reply.cut:  # uvicorn closes the connection of a response that promises more than it sends
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"999999")]})
            await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
            return
        await send({"type": "http.response.start", "status": reply.status, "headers": shown})
        await send({"type": "http.response.body", "body": reply.body})

    def close(self) -> None:
        self._pool.shutdown()


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when the client has gone or sends too much."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_BYTES:
            return None
        if not message.get("more_body"):
            return body
