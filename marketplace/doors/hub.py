"""One hub a process: reads new rows of a stream once, encodes them once, hands them to every socket."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from channels.layers import get_channel_layer

from marketplace.core import limits, streams
from marketplace.core.models import Event, Stream
from marketplace.doors.threads import in_thread

log = logging.getLogger(__name__)
GROUP = "heads"
POLL_SECONDS = 1.0  # hints may be lost; the rows are the truth
Frame = tuple[int, str]


class Subscription:
    """One socket's place in one stream: a bounded queue of frames, or `overrun` where it reads too slowly."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.frames: asyncio.Queue[Frame] = asyncio.Queue(limits.SUBSCRIBER_QUEUE)
        self.overrun = False

    def put(self, frame: Frame) -> None:
        """Queue a frame; a full queue marks the socket as too slow, and it resumes by number later."""
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.overrun = True


class Hub:
    """Wakes on hints of this process (threads), of others (channel layer) and on a slow poll."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, set[Subscription]] = defaultdict(set)
        self._heads: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._forget = lambda: None

    async def start(self) -> None:
        """Listen; call once, in the event loop that the sockets live in."""
        loop = asyncio.get_running_loop()
        self._forget = streams.listen(lambda heads: loop.call_soon_threadsafe(self._hinted, list(heads), True))
        self._tasks = [asyncio.create_task(self._pump()), asyncio.create_task(self._poll())]
        if _shared_layer() is not None:
            self._tasks.append(asyncio.create_task(self._hear_others()))

    async def stop(self) -> None:
        """Stop listening; sockets are closed by their own side."""
        self._forget()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def size(self) -> int:
        """How many subscriptions there are."""
        return sum(len(group) for group in self._subscriptions.values())

    def subscribe(self, name: str) -> Subscription:
        """From now on every new frame of the stream is put into the subscription's queue."""
        subscription = Subscription(name)
        self._subscriptions[name].add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget the subscription, and the stream where it was the last one."""
        group = self._subscriptions[subscription.name]
        group.discard(subscription)
        if not group:
            del self._subscriptions[subscription.name]
            self._heads.pop(subscription.name, None)

    def _hinted(self, names: Collection[str], ours: bool = False) -> None:
        layer = _shared_layer() if ours else None
        if layer is not None:
            self._tasks.append(asyncio.ensure_future(_tell_others(layer, names)))
            self._tasks = [task for task in self._tasks if not task.done()]
        followed = self._subscriptions.keys() & names
        if followed:
            self._dirty |= followed
            self._wake.set()

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            names, self._dirty = self._dirty, set()
            for name in names:
                try:
                    await self._deliver(name)
                except Exception:
                    log.exception("stream %s could not be read; the poll will come back to it", name)

    async def _deliver(self, name: str) -> None:
        if name not in self._heads:
            self._heads[name] = max(0, await _head(name) - 1)
        while rows := await read_frames(name, self._heads[name]):
            self._heads[name] = rows[-1][0]
            for subscription in list(self._subscriptions.get(name, ())):
                for frame in rows:
                    subscription.put(frame)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            with contextlib.suppress(Exception):
                heads = await _heads(list(self._subscriptions))
                self._hinted([name for name, head in heads.items() if head > self._heads.get(name, 0)])

    async def _hear_others(self) -> None:
        layer: Any = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    self._hinted((await layer.receive(channel))["streams"])
            except Exception:
                log.exception("the channel layer failed; the poll goes on")
                await asyncio.sleep(POLL_SECONDS)


def _shared_layer() -> Any:
    """The channel layer where it reaches other processes, else None."""
    layer: Any = get_channel_layer()
    return layer if layer is not None and "InMemory" not in type(layer).__name__ else None


async def _tell_others(layer: Any, names: Collection[str]) -> None:
    try:
        await layer.group_send(GROUP, {"type": "heads", "streams": list(names)})
    except Exception:
        log.exception("the channel layer failed; other processes will poll")


@in_thread
def read_frames(name: str, after: int) -> list[Frame]:
    """The next page of a stream past `after`, as frames ready to send."""
    return [(row.seq, encoded(name, row)) for row in streams.read(name, after, limits.EVENT_PAGE_ROWS)]


def encoded(name: str, row: Event) -> str:
    """A row as the text of its frame."""
    return streams.frame(name, row).decode()


@in_thread
def _head(name: str) -> int:
    return Stream.objects.filter(name=name).values_list("head", flat=True).first() or 0


@in_thread
def _heads(names: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(names), 500):
        found |= dict(Stream.objects.filter(name__in=names[start : start + 500]).values_list("name", "head"))
    return found


hub = Hub()
