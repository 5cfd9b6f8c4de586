"""Practice tables: a haggle, an English auction and a Dutch clock with a reference agent, for a first try."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

import mechanisms
from marketplace.demo.client import JSON, Agent, Doors, RefusedError
from mechanisms.strategies.haggling import boulware

ROUNDS, ANSWER_SECONDS, TABLE_SECONDS = 20, 600, 3600
LEAST, MOST = 90_00, 160_00
ISSUES: dict[str, list[str | int]] = {
    "price": list(range(LEAST, MOST + 1, 5_00)),
    "breakfast": ["no", "yes"],
    "cancellation": ["none", "free"],
}
AGENDA = {"issues": ISSUES, "transfers": [{"issue": "price", "payer": "buyer", "payee": "seller"}]}
# What the hotel makes of it: the price counts most, a breakfast and a free cancellation cost it something.
WEIGHTS = {"price": 0.8, "breakfast": 0.1, "cancellation": 0.1}
RESERVATION = 0.2
LOOK_SECONDS = 1.0
OVERTAKEN = ("out_of_turn", "wrong_number", "market_not_open", "illegal_move", "too_late", "over", "price_moved")


def reply(moves: Sequence[Mapping[str, Any]], me: str) -> dict[str, Any]:
    """What the reference agent of the seller says after these moves, oldest first: boulware on its own utilities."""
    other = next((move["by"] for move in moves if move["by"] != me and move["by"] != "@clock"), "guest")
    hotel = {"weights": WEIGHTS, "values": _values(), "reservation": RESERVATION}
    guest = {"weights": WEIGHTS, "values": _values(falling=True), "reservation": 0}
    problem = {
        "mechanism": "alternating_offers",
        "params": {"rounds": ROUNDS, "first": other},
        "issues": ISSUES,
        "parties": {me: hotel, other: guest},
    }
    state = mechanisms.start("alternating_offers", problem)
    for move in moves:
        state = mechanisms.advance(state, {name: move[name] for name in ("n", "type", "data")} | {"agent": move["by"]})
    return boulware(state, me)


def _values(*, falling: bool = False) -> dict[str, dict[str, float]]:
    """Each value of an issue between 0 and 1, rising in what is good for the hotel."""
    ranked: dict[str, list[str | int]] = {
        "price": ISSUES["price"],
        "breakfast": ["yes", "no"],
        "cancellation": ["free", "none"],
    }
    found = {}
    for issue, values in ranked.items():
        steps = len(values) - 1
        good = [steps - at if falling else at for at in range(steps + 1)]
        found[issue] = {str(value): round(at / steps, 6) for value, at in zip(values, good, strict=True)}
    return found


class Sparring:
    """One reference agent that keeps three tables open, and plays at each."""

    def __init__(self, doors: Doors, operator: str, seller: Agent, rival: Agent, seed: int = 0) -> None:
        self._doors, self._operator, self._seller, self._rival = doors, operator, seller, rival
        self._random = random.Random(seed)

    async def keep_alive(self) -> None:
        """Table after table, all three at once."""
        await asyncio.gather(*(self._again(play) for play in (self._haggle, self._english, self._dutch)))

    async def _again(self, play: Any) -> None:
        while True:
            try:
                await play()
            except (RefusedError, httpx.TransportError) as error:
                print(f"  a practice table ended: {error}")
            await asyncio.sleep(LOOK_SECONDS)

    async def _open(self, mechanism: str, title: str, **stated: Any) -> str:
        lot = {"id": "stay", "title": "Two nights by the river", "seller": self._seller.ref, **stated.pop("lot", {})}
        body = {"title": title, "mechanism": mechanism, "currency": "EUR", "lots": [lot], "closes_in_s": TABLE_SECONDS}
        return str((await self._doors.post(self._operator, "markets/", body | stated))["id"])

    async def _haggle(self) -> None:
        params = {"rounds": ROUNDS, "answer_s": ANSWER_SECONDS, "first": "buyer"}
        market = await self._open("alternating_offers", "Practice: haggle over a stay", params=params, agenda=AGENDA)
        joined = await self._doors.post(self._seller.key, f"markets/{market}/participations/", {"limit_minor": 0})
        while (turn := await self._turn(market, self._seller)) != "over":
            if isinstance(turn, dict) and turn["turn"]["your_turn"]:
                said = reply(turn["moves"][::-1], joined["id"])
                await self._move(market, self._seller, said | {"n": turn["turn"]["n"] + 1})

    async def _english(self) -> None:
        params = {"increments": [[None, 2_00]], "soft_close_s": 10}
        market = await self._open("english", "Practice: bid against a rival", params=params, closes_in_s=300)
        await self._join(market)
        await self._move(market, self._rival, {"type": "bid", "data": {"amount": self._random.randint(LEAST, MOST)}})
        while await self._turn(market, self._rival) != "over":
            pass

    async def _dutch(self) -> None:
        params = {"start": 200_00, "decrement": 2_00, "tick_s": 3}
        market = await self._open("dutch", "Practice: stop the clock", params=params, lot={"reserve": 50_00})
        await self._join(market)
        worth = self._random.randint(60_00, 120_00)
        while (turn := await self._turn(market, self._rival)) != "over":
            if isinstance(turn, dict) and turn["turn"]["public"]["price"] <= worth:
                await self._move(market, self._rival, {"type": "accept", "data": {"price": worth}})

    async def _join(self, market: str) -> None:
        await self._doors.post(self._rival.key, f"markets/{market}/participations/", {"limit_minor": 200_00})

    async def _turn(self, market: str, agent: Agent) -> JSON | str:
        """How it stands, after a moment; `over` once the market is."""
        await asyncio.sleep(LOOK_SECONDS)
        if (await self._doors.get(agent.key, f"markets/{market}/"))["state"] != "open":
            return "over"
        seen = await self._doors.get(agent.key, f"markets/{market}/moves/?limit=100")
        return seen if seen["turn"] else "waits"

    async def _move(self, market: str, agent: Agent, move: JSON) -> None:
        try:
            await self._doors.post(agent.key, f"markets/{market}/moves/", move)
        except RefusedError as error:
            if not any(code in str(error) for code in OVERTAKEN):
                raise
