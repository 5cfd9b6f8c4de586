"""Practice markets: reopened every minute, with reference agents as rivals, for a stranger's first bid."""

import asyncio
import random
import time
from collections.abc import Callable

from marketplace.demo.client import JSON, Agent, Doors, RefusedError
from marketplace.demo.place import whole_number
from marketplace.demo.play import join, worst_minor
from marketplace.demo.sparring import Sparring
from mechanisms.strategies import Situation, shading, truthful

SECONDS = whole_number("PRACTICE_SECONDS", 60, least=5)
OVERLAP = SECONDS // 5  # seconds before a close at which the next market opens: one is always open
RIVALS = 4
RESERVE = 2000
HIGHEST = 9000


class Practice:
    """One seller, four rivals (three truthful, one that shades), and a market that follows the last one."""

    def __init__(self, doors: Doors, operator: str, seed: int = 0) -> None:
        self._doors = doors
        self._operator = operator
        self._random = random.Random(seed)
        self._rivals: list[Agent] = []

    async def prepare(self) -> Agent:
        """Register the seller, the rivals, and the stranger's agent, which is returned."""
        self._seller = await self._doors.register(self._operator, "practice-seller", kind="firm")
        await self._doors.onboard(self._seller)
        self._rivals = [await self._buyer(f"rival-{n}") for n in range(1, RIVALS + 1)]
        return await self._buyer("stranger")

    def sparring(self) -> Sparring:
        """The tables to be played at by hand, with the same seller and one of the rivals."""
        return Sparring(self._doors, self._operator, self._seller, self._rivals[0])

    async def keep_alive(self, opened: Callable[[JSON], None]) -> None:
        """Open a market, let the rivals bid, and shortly before its close another; `opened` hears of each."""
        while True:
            started, market = time.monotonic(), await self._open()
            opened(market)
            await asyncio.gather(*(self._rival_bids(market, rival) for rival in self._rivals))
            await asyncio.sleep(max(0, SECONDS - OVERLAP - (time.monotonic() - started)))

    async def _buyer(self, name: str) -> Agent:
        agent = await self._doors.register(self._operator, name)
        await self._doors.post(agent.key, "payment-methods/", {"payment_method": "pm_card_visa"})
        return agent

    async def _open(self) -> JSON:
        lot = {"id": "ticket", "title": "Concert ticket, row 7", "seller": self._seller.ref, "reserve": RESERVE}
        return await self._doors.post(
            self._operator,
            "markets/",
            {
                "title": "Practice: one concert ticket",
                "description": "Opened for you to try; four reference agents are your rivals.",
                "mechanism": "second_price",
                "currency": "EUR",
                "lots": [lot],
                "closes_in_s": SECONDS,
                "disclosure": "pseudonymous",
            },
        )

    async def _rival_bids(self, market: JSON, rival: Agent) -> None:
        strategy = shading if rival is self._rivals[-1] else truthful
        situation = Situation(
            agent=rival.name, mechanism="second_price", lot="ticket", rivals=RIVALS, high=HIGHEST, reserve=RESERVE
        )
        value = self._random.randint(RESERVE, HIGHEST)
        bid = strategy(situation, value, self._random)
        body = {name: part for name, part in bid.items() if name != "agent"}
        try:
            await join(self._doors, market, rival, worst_minor(market, bid))
            await self._doors.post(rival.key, f"markets/{market['id']}/bids/", body)
        except RefusedError as error:
            print(f"  {rival.name} could not bid: {error}")
