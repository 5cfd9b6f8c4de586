"""A client of a Walras market in one file, for Python 3.11 with httpx and websockets; its server serves it.

    async with Walras("http://127.0.0.1:8000", "wk_test_...") as walras:
        bid = {"atoms": [{"bundle": {"room": 1}, "value": 8500}]}
        outcome = await walras.trade("mkt_...", 10000, lambda moment: None if moment.standing else bid)

It makes an idempotency key for each act and repeats with the same one when an answer was lost, waits while the server
is busy or away, and goes on with a stream where it broke off: no event missed, none seen twice.
As a program: python client.py URL KEY MARKET LIMIT_MINOR LOT VALUE bids once and waits for the outcome.
"""

import asyncio
import json
import random
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

JSON = dict[str, Any]
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0  # seconds between two tries; doubled each time, half of it by chance
STEADY = 5.0  # a connection that held so long counts as one that worked
IDLE = 60.0  # after so long a silence the line is made anew: a frame may have been lost, and none followed to show it
AGAIN = (429, 500, 502, 503, 504)
FINAL_CLOSES = (4401, 4404)  # no good key, no such market: connecting again would not help
OVERTAKEN = ("out_of_turn", "wrong_number", "illegal_move", "too_late", "over", "market_not_open")  # look again
WITHDRAW: JSON = {"withdraw": True}  # what a decision function returns to take the standing bid back


class RefusedError(Exception):
    """The market said no: `code` to branch on, `next` what to do, `problem` all that it said."""

    def __init__(self, problem: JSON) -> None:
        self.problem, self.code, self.next = problem, problem.get("code", ""), problem.get("next", "")
        super().__init__(f"{self.code}: {problem.get('detail', '')} {self.next}")


class AwayError(Exception):
    """The server could not be reached for longer than the client's patience."""


@dataclass
class Moment:
    """What a decision function is asked about: the market, the standing bid, the event that has just happened."""

    market: JSON
    standing: str | None = None
    event: JSON = field(default_factory=dict)


Decide = Callable[[Moment], JSON | None]
BIDDING = {"participation.active": True, "market.closed": False}  # from which event on bids are welcome or not


class Walras:
    """One agent at one server."""

    def __init__(self, url: str, key: str, *, patience: float = 60.0) -> None:
        self._url, self._patience = url.rstrip("/"), patience
        self._headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.AsyncClient(base_url=f"{self._url}/api/v1/", headers=self._headers, timeout=30)

    async def __aenter__(self) -> "Walras":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._http.aclose()

    async def me(self) -> JSON:
        """Who the key belongs to, and where it takes part."""
        return await self.ask("GET", "me/")

    async def markets(self, **filters: str) -> list[JSON]:
        """All markets, by `state`, `mechanism`, `currency`, `open_for`, `text`, `attribute`."""
        return await self.all("markets/", "markets", **filters)

    async def all(self, path: str, name: str, **params: str) -> list[JSON]:
        """All rows of a list, page by page."""
        rows: list[JSON] = []
        while True:
            page = await self.ask("GET", path, params=params)
            rows += page[name]
            if page["next_cursor"] is None:
                return rows
            params["cursor"] = page["next_cursor"]

    async def market(self, market: str) -> JSON:
        """One market."""
        return await self.ask("GET", f"markets/{market}/")

    async def outcome(self, market: str) -> JSON:
        """What it came to; refused with `not_cleared` before."""
        return await self.ask("GET", f"markets/{market}/outcome/")

    async def preview(self, market: str, bid: JSON) -> JSON:
        """What a bid would do; read `means` and `warnings`."""
        return await self.ask("POST", f"markets/{market}/previews/", body=bid)

    async def standing(self, market: str) -> str | None:
        """The id of the bid that stands."""
        rows = await self.all(f"markets/{market}/bids/", "bids")
        return next((row["id"] for row in rows if row["status"] == "accepted"), None)

    async def join(self, market: str, limit_minor: int) -> JSON:
        """Join once; from the second time on the answer of the first, also after a restart of yours."""
        key = f"join-{market}-{limit_minor}"
        return await self.ask("POST", f"markets/{market}/participations/", body={"limit_minor": limit_minor}, key=key)

    async def bid(self, market: str, bid: JSON, key: str | None = None) -> JSON:
        """Submit a bid; it is on the server's disk when this returns. `key` makes repeats of your own safe."""
        return await self.ask("POST", f"markets/{market}/bids/", body=bid, key=key or str(uuid.uuid4()))

    async def move(self, market: str, move: JSON, key: str | None = None) -> JSON:
        """Make a move, {"type": "offer", "data": {...}}; with its `n` it counts as an answer to move n - 1 only."""
        return await self.ask("POST", f"markets/{market}/moves/", body=move, key=key or str(uuid.uuid4()))

    async def withdraw(self, market: str, bid: str) -> JSON:
        """Take the standing bid back."""
        return await self.ask("DELETE", f"markets/{market}/bids/{bid}/")

    async def ask(
        self, method: str, path: str, *, body: JSON | None = None, key: str | None = None, params: Any = None
    ) -> JSON:
        """One request, repeated unchanged (the key too) until it is answered. Raises RefusedError, AwayError."""
        pauses = _Pauses(self._patience)
        sent: JSON = {"json": body, "params": params, "headers": {"Idempotency-Key": key} if key else {}}
        while True:
            try:
                answer = await self._http.request(method, path, **sent)
            except httpx.TransportError as error:
                await pauses.wait(cause=error)
                continue
            if answer.status_code not in AGAIN:
                return _said(answer)
            await pauses.wait(at_least=float(answer.headers.get("Retry-After", 0)))

    def follow(self, market: str, after: int = 0, mine: int = 0) -> AsyncIterator[JSON]:
        """Every event of the market and of your own part in it, each once, in order, over any number of connections."""
        return self._events(f"markets/{market}/", _Place(after, mine))

    def inbox(self, after: int = 0) -> AsyncIterator[JSON]:
        """Every event of your inbox, over all your markets; keep the last `seq` and go on from it after a restart."""
        return self._events("inbox/", _Place(after, 0))

    async def _events(self, path: str, place: "_Place") -> AsyncIterator[JSON]:
        pauses = _Pauses(self._patience)
        while True:
            began, error = time.monotonic(), None
            try:
                async with self._connection(path, place) as socket:
                    frames = aiter(socket)
                    while True:
                        async with asyncio.timeout(IDLE):
                            event = json.loads(await anext(frames))
                        if event["type"] == "error":
                            raise RefusedError(event["data"])
                        if place.take(event):
                            pauses.over()
                            yield event
            except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed, StopAsyncIteration) as broken:
                error = broken
            if time.monotonic() - began > STEADY:
                pauses.over()
            await pauses.wait(cause=error)

    @asynccontextmanager
    async def _connection(self, path: str, place: "_Place") -> AsyncIterator[ClientConnection]:
        address = f"{self._url.replace('http', 'ws', 1)}/ws/v1/{path}?after={place.after}&mine={place.mine}"
        async with connect(address, additional_headers=self._headers, open_timeout=10, close_timeout=1) as socket:
            try:
                yield socket
            except OSError:  # TimeoutError is one: no farewell, its answer would queue behind frames that nobody reads
                socket.transport.abort()
                raise

    async def trade(self, market: str, limit_minor: int, decide: Decide) -> JSON:
        """Join, ask `decide` for a bid now and at each event while the market is open, and return the outcome.

        `decide` returns a bid, WITHDRAW, or None to leave things as they are; the standing bid is replaced for you.
        """
        await self.join(market, limit_minor)
        moment, bidding = Moment(await self.market(market), await self.standing(market)), False
        async for moment.event in self.follow(market):
            kind = moment.event["kind"]
            bidding = BIDDING.get(kind, bidding)
            if _is_cleared(kind):
                return await self.outcome(market)
            if bidding:
                await self._decided(market, moment, decide)
        raise AwayError("the stream has ended")

    async def play(self, market: str, limit_minor: int, choose: Callable[[JSON], JSON | None]) -> JSON:
        """Join, ask `choose`, given {"moves": [the last], "turn": {...}}, for a move whenever one is legal."""
        await self.join(market, limit_minor)
        async for event in self.follow(market):
            if _is_cleared(event["kind"]):
                return await self.outcome(market)
            seen = await self.ask("GET", f"markets/{market}/moves/", params={"limit": 1})
            if (turn := seen["turn"]) and turn["legal"] and (wanted := choose(seen)):
                try:
                    await self.move(market, {"n": turn["n"] + 1, **wanted})
                except RefusedError as refusal:
                    if refusal.code not in OVERTAKEN:
                        raise
        raise AwayError("the stream has ended")

    async def _decided(self, market: str, moment: Moment, decide: Decide) -> None:
        """Ask once, and do it; a market that has just closed is no error."""
        wanted = decide(moment)
        try:
            if wanted is WITHDRAW and moment.standing is not None:
                await self.withdraw(market, moment.standing)
                moment.standing = None
            elif wanted is not None and wanted is not WITHDRAW:
                moment.standing = await self._placed(market, moment.standing, wanted)
        except RefusedError as refusal:
            if refusal.code != "market_not_open":
                raise

    async def _placed(self, market: str, standing: str | None, bid: JSON) -> str:
        """The bid's id; where another one stands than was thought, that one is replaced."""
        body = bid | ({"replaces": standing} if standing else {})
        try:
            return str((await self.bid(market, body))["id"])
        except RefusedError as refusal:
            if refusal.code != "bid_stands":
                raise
            return str((await self.bid(market, bid | {"replaces": refusal.problem["standing"]}))["id"])


@dataclass
class _Place:
    """The last numbers seen of the two streams."""

    after: int
    mine: int

    def take(self, frame: JSON) -> bool:
        """Whether this frame is a new event; a gap is an OSError, so that it is read again."""
        if frame["type"] != "event":
            return False
        which = "mine" if frame["stream"].startswith("participation:") else "after"
        seen, seq = getattr(self, which), frame["seq"]
        if seq > seen + 1:
            raise OSError(f"event {seen + 1} of {frame['stream']} is missing")
        setattr(self, which, max(seen, seq))
        return bool(seq == seen + 1)


class _Pauses:
    """Longer and longer pauses, by chance, so that many clients do not come back at once; bounded in sum."""

    def __init__(self, patience: float) -> None:
        self._patience, self._spent, self._next = patience, 0.0, FIRST_PAUSE

    def over(self) -> None:
        self._spent, self._next = 0.0, FIRST_PAUSE

    async def wait(self, *, at_least: float = 0.0, cause: Exception | None = None) -> None:
        """Sleep; raises RefusedError where trying again is useless, AwayError where patience is at its end."""
        if isinstance(cause, ConnectionClosed) and cause.rcvd is not None and cause.rcvd.code in FINAL_CLOSES:
            raise RefusedError({"code": "socket_closed", "detail": f"The server closed with {cause.rcvd.code}."})
        if self._spent > self._patience:
            raise AwayError(f"no answer for {self._patience} seconds") from cause
        pause = max(at_least, random.uniform(self._next / 2, self._next))
        self._spent, self._next = self._spent + pause, min(LONGEST_PAUSE, self._next * 2)
        await asyncio.sleep(pause)


def _is_cleared(kind: str) -> bool:
    if kind in ("market.cancelled", "participation.refused"):
        raise RefusedError({"code": kind, "detail": "There is nothing to trade.", "next": "Stop."})
    return kind == "round.cleared"


def _said(answer: httpx.Response) -> JSON:
    is_json = "json" in answer.headers.get("content-type", "")
    said: JSON = answer.json() if is_json else {"code": "not_json", "detail": answer.text[:200]}
    if answer.is_success:
        return said
    raise RefusedError(said)


async def main(url: str, key: str, market: str, limit_minor: str, lot: str, value: str) -> None:
    """Bid once for one unit of one lot, and show what came of it."""
    bid = {"atoms": [{"bundle": {lot: 1}, "value": int(value)}]}
    async with Walras(url, key) as walras:
        outcome = await walras.trade(market, int(limit_minor), lambda moment: None if moment.standing else bid)
        sys.stdout.write(json.dumps(outcome.get("mine"), indent=1) + f"\n{outcome.get('why', '')}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
