"""What the demo's agents do over the public doors: register, join, bid, follow."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

JSON = dict[str, Any]


class RefusedError(Exception):
    """The market refused something that the demo did not expect to be refused."""


@dataclass(frozen=True)
class Agent:
    """An agent with its key."""

    name: str
    ref: str
    key: str


class Doors:
    """The REST and websocket doors of one server."""

    def __init__(self, url: str) -> None:
        self.api = url + "/api/v1/"
        self.sockets = url.replace("http", "ws", 1) + "/ws/v1/markets/"
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
        self.http = httpx.AsyncClient(base_url=self.api, timeout=60, limits=limits, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def post(self, key: str, path: str, body: JSON) -> JSON:
        """POST with a fresh idempotency key; raises RefusedError with the problem's words."""
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid.uuid4())}
        return _said(await self.http.post(path, json=body, headers=headers))

    async def get(self, key: str, path: str) -> JSON:
        """GET."""
        return _said(await self.http.get(path, headers={"Authorization": f"Bearer {key}"}))

    async def text(self, key: str, path: str) -> str:
        """GET what is not JSON."""
        response = await self.http.get(path, headers={"Authorization": f"Bearer {key}"})
        response.raise_for_status()
        return response.text

    async def register(self, operator: str, name: str, kind: str = "person") -> Agent:
        """A new agent of a principal of its own."""
        made = await self.post(operator, "agents/", {"name": name, "principal": {"name": name, "kind": kind}})
        return Agent(name, made["agent"], made["key"])

    async def onboard(self, agent: Agent) -> None:
        """Have the agent's principal say who it is on Stripe's page, so that it can be paid."""
        opened = await self.post(agent.key, "payout-accounts/", {})
        if "page" in opened:
            await self.http.post(opened["page"], data={"outcome": "approved"})
            await self.get(agent.key, "payout-accounts/")

    async def bid_by_socket(self, agent: Agent, market: str, body: JSON) -> JSON:
        """One bid over a websocket of its own; the acknowledgement's data."""
        frame = {"id": 1, "type": "bid.submit", "key": str(uuid.uuid4()), "data": body}
        async with self.socket(market, agent.key) as socket:
            await socket.send(json.dumps(frame))
            async for text in socket:
                answer = json.loads(text)
                if answer.get("id") == 1:
                    if answer["type"] != "ack":
                        raise RefusedError(str(answer["data"]))
                    data: JSON = answer["data"]
                    return data
        raise RefusedError("the socket closed before the bid was acknowledged")

    def socket(self, market: str, key: str, after: int = 0) -> connect:
        """A websocket to a market, with the key as a header."""
        headers = {"Authorization": f"Bearer {key}"}
        return connect(f"{self.sockets}{market}/?after={after}", additional_headers=headers, proxy=None)

    async def events(self, market: str, key: str) -> AsyncIterator[JSON]:
        """A market's public events from the first on; a lost connection is resumed by number."""
        after = 0
        while True:
            with contextlib.suppress(ConnectionClosed):
                async with self.socket(market, key, after) as socket:
                    async for text in socket:
                        frame = json.loads(text)
                        if frame["type"] == "event":
                            after = frame["seq"]
                            yield frame
            await asyncio.sleep(0.2)


def _said(response: httpx.Response) -> JSON:
    if response.is_error:
        raise RefusedError(f"{response.request.method} {response.request.url.path}: {response.text}")
    said: JSON = response.json()
    return said
