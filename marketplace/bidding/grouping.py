"""How bids come together in groups: who waits for whom, and many decisions told at once."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sized

from marketplace.bidding.books import Decision
from marketplace.core import limits
from marketplace.core.refusals import Refusal

STILL = 2  # turns of the loop that bring nothing more end the wait


class Pace:
    """Whether all that bid are taken together, or one half is read while the database writes the other.

    Halves keep loop and database busy at once, and pay for two groups where one would do: right where a commit takes
    less time than reading the bids of one, wrong where a disk is slow or bidders are few. So both times are taken.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._answered = 0  # bids of the last group: their senders will bid again, if anybody does
        self._commit = 0.0  # seconds of the last group
        self._read = 0.0  # seconds that one bid takes to come, as the last waits found it

    async def gather(self, queue: Sized) -> int:
        """How many to take from the queue, once so many wait or the loop brings no more."""
        still, seen, first, since = 0, 0, len(queue), self._clock()
        bidding = first + self._answered
        parts = 2 if self._commit < bidding * self._read else 1
        enough = min(-(-bidding // parts), limits.INTAKE_GROUP)
        while still < STILL and len(queue) < enough:
            still = still + 1 if len(queue) == seen else 0
            seen = len(queue)
            await asyncio.sleep(0)
        if len(queue) > first:
            found = (self._clock() - since) / (len(queue) - first)
            self._read += (found - self._read) * (0.2 if self._read else 1)
        return min(max(enough, -(-len(queue) // parts)), limits.INTAKE_GROUP)

    @contextlib.contextmanager
    def timed(self, size: int) -> Iterator[None]:
        """Time the commit of so many bids."""
        since = self._clock()
        yield
        self._answered, self._commit = size, self._clock() - since


class Batch:
    """Decisions on many acts under way: one future for all of them, for one each costs as much as deciding."""

    def __init__(self, size: int) -> None:
        self.all: asyncio.Future[list[Decision]] = asyncio.get_running_loop().create_future()
        self._found: list[Decision | None] = [None] * size
        self._left = size

    def put(self, number: int, decision: Decision) -> None:
        """Note one; the last one tells who waits."""
        self._found[number] = decision
        self._left -= 1
        if not self._left and not self.all.done():
            self.all.set_result([found for found in self._found if found is not None])


class Place:
    """One act's place in a batch, in the form of a future."""

    __slots__ = ("_batch", "_number")

    def __init__(self, batch: Batch, number: int) -> None:
        self._batch, self._number = batch, number

    def cancelled(self) -> bool:
        """Whether nobody waits any more."""
        return self._batch.all.cancelled()

    def done(self) -> bool:
        """Whether nothing is to be told any more."""
        return self._batch.all.done()

    def set_result(self, decision: Decision) -> None:
        """The decision."""
        self._batch.put(self._number, decision)

    def set_exception(self, refusal: Refusal) -> None:
        """Why there is none: one that failed fails alone."""
        self._batch.put(self._number, Decision(refusal=refusal))
