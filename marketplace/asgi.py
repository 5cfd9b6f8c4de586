"""One ASGI application everywhere: lifespan, the hot POSTs, MCP, the sockets, and Django for the rest."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
django_application = get_asgi_application()  # sets Django up; what imports models comes after it

from marketplace.core import tracing  # noqa: E402
from marketplace.doors.assets import PREFIX, StaticFiles  # noqa: E402
from marketplace.doors.hot import hot_place, serve_hot  # noqa: E402
from marketplace.doors.inbox import is_inbox, serve_inbox  # noqa: E402
from marketplace.doors.lifespan import lifespan  # noqa: E402
from marketplace.doors.mcp.door import PATHS, mcp_door  # noqa: E402
from marketplace.doors.routing import websocket_application  # noqa: E402

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
websockets = websocket_application()
static_files = StaticFiles()


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Give each scope to the one that answers it."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        tracing.begin(scope["headers"])
        await websockets(scope, receive, send)
    else:
        await answer_request(scope, receive, traced(send, tracing.begin(scope["headers"])))


def traced(send: Send, made: str) -> Send:
    """The same, with the request's id among the headers of the answer."""

    async def sent(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (tracing.HEADER.encode(), made.encode())]}
        await send(message)

    return sent


async def answer_request(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Every request but the hot ones that `doors/wire.py` has answered already."""
    if scope["path"].startswith(PREFIX):
        await static_files.serve(scope, send)
    elif scope["path"] in PATHS:
        await mcp_door.serve(scope, receive, send)
    elif is_inbox(scope):
        await serve_inbox(scope, receive, send)
    elif (place := hot_place(scope)) is not None:
        await serve_hot(place, scope, receive, send)
    else:
        await django_application(scope, receive, send)
