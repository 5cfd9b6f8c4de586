"""The websocket door of one market: acknowledged bids and moves in, gap-free events out."""

from typing import Any

import msgspec

from marketplace.agents.keys import Identity, bearer
from marketplace.bidding.models import Participation
from marketplace.core import strict_json
from marketplace.core.refusals import Refusal
from marketplace.doors.answer import Answer, answer_bid, answer_withdrawal, find_terms, refused
from marketplace.doors.callers import identify
from marketplace.doors.moving import answer_move
from marketplace.doors.socket import AgentSocket, ClientFrame
from marketplace.doors.threads import in_thread

IN_FLIGHT = 64  # bids of one socket that may wait for their acknowledgement


class WithdrawData(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The `data` of `bid.withdraw`."""

    bid: str


class MarketSocket(AgentSocket):
    """One client in one market."""

    async def opened(self) -> None:
        """Follow the public stream, whoever it is."""
        self.market_ref = self.scope["url_route"]["kwargs"]["market_ref"]
        await find_terms(self.market_ref)
        self.feed.follow(f"market:{self.market_ref}", self.number("after"))

    async def signed_in(self, identity: Identity) -> None:
        """Follow the agent's private stream as soon as there is one."""
        if not self.feed.follows("participation:"):
            ref = await _participation_ref(self.market_ref, identity.agent_id)
            if ref is not None and not self.feed.follows("participation:"):
                self.feed.follow(f"participation:{ref}", self.number("mine"))

    async def send_event(self, text: str) -> None:
        """A joining may be the agent's own."""
        if '"kind":"market.joined"' in text and self.identity is not None:
            await self.signed_in(self.identity)
        await super().send_event(text)

    async def act(self, frame: ClientFrame) -> None:
        """Bids are decided beside each other, so that one socket may have many in flight; moves one after another."""
        if frame.type not in ("bid.submit", "bid.withdraw", "move.submit"):
            await super().act(frame)
        if self.identity is None:
            bearer(None)
        if frame.type == "move.submit":
            await self._decide(frame)  # the second of two is an answer to what the first has led to
            return
        if len(self.tasks) >= IN_FLIGHT:
            raise Refusal(429, "too_many_in_flight", f"At most {IN_FLIGHT} bids may wait.", "Await some acks first.")
        self.spawn(self._decide(frame))

    async def _decide(self, frame: ClientFrame) -> None:
        try:
            reply = await self._decided(frame, await identify(self.key))  # it may have been revoked meanwhile
        except Refusal as refusal:
            reply = refused(refusal)
        await self.answer(frame.id, reply)

    async def _decided(self, frame: ClientFrame, identity: Identity) -> Answer:
        if frame.type == "bid.submit":
            return await answer_bid(frame.data, frame.key, identity, self.market_ref)
        if frame.type == "move.submit":
            return await answer_move(frame.data, frame.key, identity, self.market_ref)
        data: Any = strict_json.as_object(frame.data)
        return await answer_withdrawal(strict_json.shaped(data, WithdrawData).bid, identity, self.market_ref)


@in_thread
def _participation_ref(market_ref: str, agent_id: int) -> str | None:
    rows = Participation.objects.filter(market__ref=market_ref, agent_id=agent_id)
    return rows.exclude(state=Participation.State.REFUSED).values_list("ref", flat=True).first()
