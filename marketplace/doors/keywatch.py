"""Whether the keys in use are still good: one question for all of them, every second or two."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable

from marketplace.agents import keys
from marketplace.core.refusals import Refusal
from marketplace.doors.threads import in_thread

log = logging.getLogger(__name__)
WATCH_SECONDS = 2.0  # a key that was revoked or has expired ends its sockets within this time and a moment
End = Callable[[Refusal], Awaitable[None]]


class KeyWatch:
    """The sockets of this process by the digests of their keys."""

    def __init__(self) -> None:
        self._sockets: dict[str, set[End]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Watch; call once, in the event loop that the sockets live in."""
        self._tasks = [
            asyncio.create_task(_every(WATCH_SECONDS, self._look)),
            asyncio.create_task(_every(keys.CACHE_SECONDS / 2, _refresh)),
        ]

    async def stop(self) -> None:
        """Watch no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def size(self) -> int:
        """How many sockets are watched."""
        return sum(len(ends) for ends in self._sockets.values())

    def watch(self, key: str, end: End) -> Callable[[], None]:
        """Call `end` with the refusal once this key is not good any more; returns how to stop watching."""
        digest = keys.digest_of(key)
        self._sockets[digest].add(end)

        def forget() -> None:
            self._sockets[digest].discard(end)
            if not self._sockets[digest]:
                del self._sockets[digest]

        return forget

    async def _look(self) -> None:
        digests = list(self._sockets)
        for start in range(0, len(digests), keys.PAGE):
            for digest, refusal in (await _gone(digests[start : start + keys.PAGE])).items():
                for end in list(self._sockets.get(digest, ())):
                    with contextlib.suppress(Exception):  # the socket is gone already
                        await end(refusal)


async def _every(seconds: float, look: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await look()
        except Exception:
            log.exception("keys could not be looked up; the next look comes")


_refresh = in_thread(keys.refresh)
_gone = in_thread(keys.no_longer_good)
key_watch = KeyWatch()
