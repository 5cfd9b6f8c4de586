"""Whether the keys of open sockets are still good: one question for all of them, every few seconds."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async

from marketplace.agents import keys
from marketplace.core.refusals import Refusal

log = logging.getLogger(__name__)
WATCH_SECONDS = 2.0  # a key that was revoked or has expired ends its sockets within this time and a moment
PAGE = 1_000
End = Callable[[Refusal], Awaitable[None]]


class KeyWatch:
    """The sockets of this process by the digests of their keys."""

    def __init__(self) -> None:
        self._sockets: dict[str, set[End]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Watch; call once, in the event loop that the sockets live in."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Watch no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def watch(self, key: str, end: End) -> Callable[[], None]:
        """Call `end` with the refusal once this key is not good any more; returns how to stop watching."""
        digest = keys.digest_of(key)
        self._sockets[digest].add(end)

        def forget() -> None:
            self._sockets[digest].discard(end)
            if not self._sockets[digest]:
                del self._sockets[digest]

        return forget

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self._look()
            except Exception:
                log.exception("keys could not be looked up; the next look comes")

    async def _look(self) -> None:
        digests = list(self._sockets)
        for start in range(0, len(digests), PAGE):
            for digest, refusal in (await _gone(digests[start : start + PAGE])).items():
                for end in list(self._sockets.get(digest, ())):
                    with contextlib.suppress(Exception):  # the socket is gone already
                        await end(refusal)


_gone = sync_to_async(keys.no_longer_good, thread_sensitive=False)
key_watch = KeyWatch()
