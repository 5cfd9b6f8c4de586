"""`/mcp`: keys, origin and strict JSON before the SDK sees a request, and the life of its session manager."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from marketplace.agents.keys import bearer
from marketplace.core import limits, strict_json
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import Answer, refused, said
from marketplace.doors.callers import identify
from marketplace.doors.hot import counted, read_body, respond
from marketplace.doors.mcp.call import MESSAGE_DEPTH, read_call
from marketplace.doors.mcp.server import CALL, make_server

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
PATHS = ("/mcp", "/mcp/")
_INVALID_REQUEST = -32600


class McpDoor:
    """The one MCP server of a process, without sessions: each request stands alone, so any process may answer it."""

    def __init__(self) -> None:
        self._manager: StreamableHTTPSessionManager | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def start(self) -> None:
        """Run the SDK's session manager in a task of its own, which enters and leaves it."""
        ready, self._over = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._run(ready))
        await ready.wait()

    async def stop(self) -> None:
        """End what is still being answered; what was acknowledged is durable."""
        self._over.set()
        if self._task is not None:
            await self._task

    async def serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            _refuse_door(scope, headers)
            identity = await identify(bearer(headers.get("authorization")))
            counted(identity)
            body = await read_body(receive)
        except Refusal as refusal:
            await respond(send, refused(refusal))
            return
        try:
            message = strict_json.as_object(strict_json.parse(body, max_depth=limits.JSON_DEPTH + MESSAGE_DEPTH))
            call = read_call(message, identity)
        except Refusal as refusal:
            await respond(send, _unreadable(refusal))
            return
        try:
            await self._hand_on({**scope, CALL: call}, body, receive, send)
        except asyncio.CancelledError:  # only a server that stops cancels a request, one that waits say
            with contextlib.suppress(RuntimeError):  # the answer was on its way
                await respond(send, refused(_restarting()))

    async def _hand_on(self, scope: dict[str, Any], body: bytes, receive: Receive, send: Send) -> None:
        given = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def replay() -> dict[str, Any]:
            return next(given, None) or await receive()

        assert self._manager is not None  # noqa: S101 - start() has set it
        await self._manager.handle_request(scope, replay, cast(Any, send))

    async def _run(self, ready: asyncio.Event) -> None:
        self._manager = StreamableHTTPSessionManager(app=make_server(), json_response=True, stateless=True)
        async with self._manager.run():
            ready.set()
            await self._over.wait()


def _refuse_door(scope: dict[str, Any], headers: dict[str, str]) -> None:
    """POST only, and from no page of another host."""
    if scope["method"] != "POST":
        raise Refusal(405, "method_not_allowed", "This address takes POST only.", "Point an MCP client at it.")
    origin = headers.get("origin")
    if origin is not None and not validate_host(urlsplit(origin).hostname or "", settings.ALLOWED_HOSTS):
        raise Refusal(403, "origin_refused", "Pages of other hosts may not call this.", "Call it from a program.")


def _restarting() -> Refusal:
    return Refusal(503, "restarting", "The server is going down.", "Send the same request again in some seconds.")


def _unreadable(refusal: Refusal) -> Answer:
    """A message that cannot be read, as JSON-RPC says it; the problem document stands in `data`."""
    error = {"code": _INVALID_REQUEST, "message": refusal.detail, "data": refusal.document()}
    return said(refusal.status, {"jsonrpc": "2.0", "id": None, "error": error})


mcp_door = McpDoor()
