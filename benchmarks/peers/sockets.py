"""The bare websocket peers: one asyncpg INSERT before each answer at /bids, a broadcast of what arrives at /feed."""

import asyncio
import json
import os
import sys

import asyncpg
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

INSERT = "INSERT INTO bare_bid (agent, lot, value) VALUES ($1, $2, $3) RETURNING id"
followers: set[ServerConnection] = set()


async def main(port: int) -> None:
    """Serve until ended; as many connections to the database as the HTTP peers have."""
    pool = await asyncpg.create_pool(os.environ["BENCH_DSN"], min_size=16, max_size=16)

    async def insert(socket: ServerConnection, text: str | bytes) -> None:
        bid = json.loads(text)
        row = await pool.fetchval(INSERT, bid["agent"], bid["lot"], bid["value"])
        await socket.send(json.dumps({"id": bid["id"], "row": row}))

    async def handle(socket: ServerConnection) -> None:
        if socket.request is not None and socket.request.path == "/feed":
            followers.add(socket)
            async for text in socket:
                broadcast(followers, text)
        waiting: set[asyncio.Task[None]] = set()
        async for text in socket:
            task = asyncio.create_task(insert(socket, text))  # so that one socket may have many in flight
            waiting.add(task)
            task.add_done_callback(waiting.discard)

    async with serve(handle, "127.0.0.1", port, compression=None):
        await asyncio.get_running_loop().create_future()


uvloop.run(main(int(sys.argv[1])))
