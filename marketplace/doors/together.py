"""Questions to the database that many in the event loop have at once: asked together, each told its own answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

from marketplace.core.refusals import Refusal

T = TypeVar("T")
Ask = Callable[[list[str]], Awaitable[Mapping[str, T | Refusal]]]


class Together(Generic[T]):
    """What arrives while a question is under way is asked together next.

    Most agents bid seldom, and in many markets, so that keys and terms are looked up for many a bid; a query each would
    cost more than the bid.
    """

    def __init__(self, ask: Ask[T]) -> None:
        self._ask = ask
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, asyncio.Future[T | Refusal]] = {}
        self._task: asyncio.Task[None] | None = None

    async def find(self, name: str) -> T:
        """What goes by this name. Raises Refusal."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # tests have many
            self._loop, self._waiting, self._task = loop, {}, None
        future = self._waiting.setdefault(name, loop.create_future())
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
            await self._tell(waiting)

    async def _tell(self, waiting: Mapping[str, "asyncio.Future[T | Refusal]"]) -> None:
        """Answer all; where that fails, each alone: what cannot be read costs no other its answer."""
        try:
            found = await self._ask(list(waiting))
        except Exception as error:
            if len(waiting) == 1:
                for future in waiting.values():
                    future.set_exception(error)
                return
            for name, future in waiting.items():
                await self._tell({name: future})
            return
        for name, future in waiting.items():
            future.set_result(found[name])
