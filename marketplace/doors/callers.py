"""Who is calling, for the doors in the event loop: from memory, or asked of the database together with all who wait."""

import asyncio

from marketplace.agents import keys
from marketplace.agents.keys import Identity
from marketplace.core.refusals import Refusal
from marketplace.doors.threads import in_thread

Found = Identity | Refusal
_ask = in_thread(keys.identify_all)


class Callers:
    """Keys that memory does not hold: what arrives while a question is under way is asked together next.

    Most agents bid seldom, so their keys are looked up for nearly every bid; a query each would cost more than the bid.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, asyncio.Future[Found]] = {}
        self._task: asyncio.Task[None] | None = None

    async def find(self, key: str) -> Identity:
        """Who holds this key. Raises Refusal."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # tests have many
            self._loop, self._waiting, self._task = loop, {}, None
        future = self._waiting.setdefault(key, loop.create_future())
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run())
        found = await asyncio.shield(future)
        if isinstance(found, Refusal):
            raise found
        return found

    async def _run(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # who calls in this turn comes along
            waiting, self._waiting = self._waiting, {}
            try:
                found = await _ask(list(waiting))
            except Exception as error:
                for future in waiting.values():
                    future.set_exception(error)
                continue
            for key, future in waiting.items():
                future.set_result(found[key])


_callers = Callers()


async def identify(key: str) -> Identity:
    """Who holds this key, from memory where it was seen a moment ago. Raises Refusal."""
    return keys.cached(keys.digest_of(key)) or await _callers.find(key)
