"""What lives as long as the server: hub, sweeps, committer, clearing child, MCP; drained in reverse."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async

from marketplace.bidding.intake import committer
from marketplace.clearing.workers import worker
from marketplace.core.sweeps import Runner
from marketplace.doors import health
from marketplace.doors.hub import hub
from marketplace.doors.keywatch import key_watch
from marketplace.doors.mcp.door import mcp_door


async def lifespan(receive: Callable[[], Awaitable[dict[str, Any]]], send: Callable[[dict[str, Any]], Any]) -> None:
    """The ASGI lifespan protocol."""
    runner = Runner() if os.environ.get("WALRAS_SWEEPS", "1") == "1" else None
    health.runner = runner
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await hub.start()
            key_watch.start()
            committer.start()
            await mcp_door.start()
            if runner is not None:
                runner.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await _drain(runner)
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _drain(runner: Runner | None) -> None:
    await mcp_door.stop()
    await committer.drain()
    if runner is not None:
        await sync_to_async(runner.stop, thread_sensitive=False)()
    await sync_to_async(worker.stop, thread_sensitive=False)()
    await key_watch.stop()
    await hub.stop()
