"""What one socket follows: each stream from its own number on, without gap or repeat."""

import asyncio
from collections.abc import Awaitable, Callable

from marketplace.doors.hub import Subscription, hub, read_frames


class Feed:
    """Sends the frames of the streams that it follows, in order; the database fills what hints left out."""

    def __init__(self, send: Callable[[str], Awaitable[None]], too_slow: Callable[[], Awaitable[None]]) -> None:
        self._send = send
        self._too_slow = too_slow
        self._followed: dict[str, tuple[Subscription, asyncio.Task[None]]] = {}

    def follow(self, name: str, after: int) -> None:
        """Send the stream's rows past `after`, then every new one."""
        subscription = hub.subscribe(name)
        self._followed[name] = (subscription, asyncio.create_task(self._run(subscription, after)))

    def follows(self, prefix: str) -> bool:
        """Whether a stream whose name starts so is followed."""
        return any(name.startswith(prefix) for name in self._followed)

    async def stop(self) -> None:
        """Follow nothing any more."""
        for subscription, task in self._followed.values():
            hub.unsubscribe(subscription)
            task.cancel()
        await asyncio.gather(*(task for _, task in self._followed.values()), return_exceptions=True)
        self._followed.clear()

    async def _run(self, subscription: Subscription, sent: int) -> None:
        sent = await self._catch_up(subscription.name, sent)
        while True:
            seq, text = await subscription.frames.get()
            if subscription.overrun:
                await self._too_slow()
                return
            if seq > sent + 1:
                sent = await self._catch_up(subscription.name, sent)
            if seq == sent + 1:
                await self._send(text)
                sent = seq

    async def _catch_up(self, name: str, sent: int) -> int:
        while rows := await read_frames(name, sent):
            for _, text in rows:
                await self._send(text)
            sent = rows[-1][0]
        return sent
