"""The websocket door of an agent's inbox: all that concerns it, over all its markets."""

import asyncio

from marketplace.agents.inbox import inbox_of
from marketplace.agents.keys import Identity, bearer
from marketplace.core.refusals import Refusal
from marketplace.doors.socket import AgentSocket

SIGN_IN_SECONDS = 10.0  # a socket that nobody has signed in to hears nothing, so it is not kept


class InboxSocket(AgentSocket):
    """One client of one agent's inbox."""

    async def opened(self) -> None:
        """Nothing is public here."""
        self.spawn(self._expect_somebody())

    async def signed_in(self, identity: Identity) -> None:
        """Follow the inbox; a second key of the same agent changes nothing."""
        if not self.feed.follows("inbox:"):
            self.feed.follow(inbox_of(identity.agent_ref), self.number("after"))

    async def _expect_somebody(self) -> None:
        await asyncio.sleep(SIGN_IN_SECONDS)
        if self.identity is None:
            try:
                bearer(None)
            except Refusal as refusal:
                await self.end(refusal)
