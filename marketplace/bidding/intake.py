"""Group commit: one committer a process takes bids of all markets and makes them durable together."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

from django.db import connection

from marketplace.bidding.books import Act, Decision
from marketplace.bidding.grouping import Batch, Pace, Place
from marketplace.bidding.stores import Store
from marketplace.core import limits, metrics, tracing
from marketplace.core.refusals import Refusal

log = logging.getLogger(__name__)
HANGS_SECONDS = 30.0  # what SQLite waits for a lock at most
Waiting = tuple[Act, "asyncio.Future[Decision] | Place"]


def make_store() -> Store:
    """The store for the database that this process is set up with."""
    if connection.vendor == "postgresql":
        from marketplace.bidding.stores.postgres import PostgresStore  # noqa: PLC0415 - psycopg may be absent

        return PostgresStore()
    from marketplace.bidding.stores.sqlite import SqliteStore  # noqa: PLC0415 - the other one needs no SQLite

    return SqliteStore()


class Committer:
    """A bounded queue and the one task that empties it, a group at a time, in one event loop."""

    def __init__(self) -> None:
        self._queue: deque[Waiting] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._own_thread: threading.Thread | None = None
        self._task: asyncio.Task[None] | None = None
        self._awake = asyncio.Event()
        self._store: Store | None = None
        self._lock = threading.Lock()
        self._since: float | None = None  # when the group under way began

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    @property
    def alive(self) -> bool:
        """Whether the task that decides is there, and does not hang at the database."""
        since = self._since
        hangs = since is not None and time.monotonic() - since > HANGS_SECONDS
        return self._task is not None and not self._task.done() and not hangs

    def start(self) -> None:
        """Work in the running event loop: that of the sockets, so that a bid changes no thread on its way."""
        self._loop, self._store = asyncio.get_running_loop(), make_store()
        self._awake = asyncio.Event()
        self._task = self._loop.create_task(self._run(self._store))

    async def drain(self) -> None:
        """Decide what is queued, then stop."""
        task, self._task = self._task, None
        self._awake.set()
        if task is not None:
            await task
        if self._store is not None:
            await self._store.close()
        self._loop = self._store = None

    async def decide(self, act: Act) -> Decision:
        """The decision on an act, once it is durable. Raises Refusal when the queue is full or the store fails."""
        if asyncio.get_running_loop() is self._loop:
            return await self._enqueue(act)
        return await asyncio.wrap_future(self.submit(act))

    async def decide_all(self, acts: Sequence[Act]) -> list[Decision]:
        """The decisions on many acts, in order; refused as a whole where the queue has no room for all of them."""
        deciding = self._decide_all(acts)
        if asyncio.get_running_loop() is self._loop:
            return await deciding
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(deciding, self._running_loop()))

    def submit(self, act: Act) -> "Future[Decision]":
        """The same from any thread; without a server the committer works in a thread of its own."""
        return asyncio.run_coroutine_threadsafe(self._decide(act), self._running_loop())

    def stop(self) -> None:
        """End the thread of its own, if there is one, with everything decided."""
        with self._lock:
            if self._own_thread is not None and self._loop is not None:
                loop = self._loop
                asyncio.run_coroutine_threadsafe(self.drain(), loop).result()
                loop.call_soon_threadsafe(loop.stop)
                self._own_thread.join()
                loop.close()
                self._own_thread = None

    async def _decide(self, act: Act) -> Decision:
        return await self._enqueue(act)

    async def _decide_all(self, acts: Sequence[Act]) -> list[Decision]:
        if len(self._queue) + len(acts) > limits.INTAKE_QUEUE:
            raise _busy("Too many bids are waiting.")
        if not acts:
            return []
        batch = Batch(len(acts))
        self._queue.extend((act, Place(batch, number)) for number, act in enumerate(acts))
        self._awake.set()
        return await batch.all

    def _enqueue(self, act: Act) -> "asyncio.Future[Decision]":
        if len(self._queue) >= limits.INTAKE_QUEUE:
            raise _busy("Too many bids are waiting.")
        future: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._queue.append((act, future))
        self._awake.set()
        return future

    async def _run(self, store: Store) -> None:
        """Group after group; a bid whose sender went before its turn is dropped: nothing was acknowledged."""
        pace = Pace()
        while self._task is not None or self._queue:
            if not self._queue:
                self._awake.clear()
                await self._awake.wait()
                continue
            size = await pace.gather(self._queue)
            group = [self._queue.popleft() for _ in range(min(len(self._queue), size))]
            wanted = [waiting for waiting in group if not waiting[1].cancelled()]
            if wanted:
                self._since = time.monotonic()
                with pace.timed(len(wanted)), metrics.intake_seconds.time():
                    await self._commit(store, wanted)
                self._since = None
                metrics.intake_group.observe(len(wanted))

    async def _commit(self, store: Store, group: Sequence[Waiting], *, again: bool = False) -> None:
        """Commit the group; where that fails, each alone once more: one poisoned bid costs no other its place."""
        try:
            decisions = await store.commit([act for act, _ in group])
        except Exception as error:
            if len(group) > 1 or not again:
                for waiting in group:
                    await self._commit(store, [waiting], again=True)
                return
            with tracing.caused_by(group[0][0].cause):
                log.exception("a bid could not be committed")
            metrics.intake_failures.inc()
            self._tell(group[0], _busy("The bid could not be stored now."), error)
            return
        for waiting, decision in zip(group, decisions, strict=True):
            self._answer(waiting, decision)
        metrics.bids_refused.inc(sum(decision.refusal is not None for decision in decisions))
        metrics.bids_accepted.inc(sum(decision.bid is not None for decision in decisions))

    def _answer(self, waiting: Waiting, decision: Decision) -> None:
        if decision.bid is None and decision.refusal is None:
            self._queue.append(waiting)  # its seat has changed in this very group
        elif not waiting[1].done():
            waiting[1].set_result(decision)

    def _tell(self, waiting: Waiting, refusal: Refusal, cause: Exception) -> None:
        refusal.__cause__ = cause
        if not waiting[1].done():
            waiting[1].set_exception(refusal)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                self._own_thread = threading.Thread(target=loop.run_forever, name="intake", daemon=True)
                self._own_thread.start()
                asyncio.run_coroutine_threadsafe(self._start_here(), loop).result()
            assert self._loop is not None  # noqa: S101 - start() has set it
            return self._loop

    async def _start_here(self) -> None:
        self.start()


def _busy(detail: str) -> Refusal:
    return Refusal(429, "intake_busy", detail, "Send the same request again soon.")


committer = Committer()
