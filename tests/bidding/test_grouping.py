"""Groups: all together where a commit is slow, in halves by turns where it is quick; a batch is told at once."""

import asyncio

import pytest

from marketplace.bidding.books import Decision
from marketplace.bidding.grouping import Batch, Pace, Place
from marketplace.core.refusals import Refusal


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def come(queue: list[int], count: int, clock: Clock, seconds: float) -> None:
    """So many bids, each in its own turn of the loop."""
    for _ in range(count):
        clock.now += seconds
        queue.append(1)
        await asyncio.sleep(0)


async def gathered(pace: Pace, clock: Clock, count: int) -> int:
    """How many are taken when so many come, a millisecond each."""
    queue: list[int] = []
    coming = asyncio.create_task(come(queue, count, clock, 0.001))
    await asyncio.sleep(0)
    size = await pace.gather(queue)
    await coming
    return size


@pytest.mark.parametrize(("commit", "taken"), [(0.002, 8), (0.1, 16)])
def test_who_was_answered_is_waited_for_where_a_commit_is_dearer_than_the_wait(commit: float, taken: int) -> None:
    async def play() -> list[int]:
        clock = Clock()
        pace, sizes = Pace(clock), []
        for _ in range(3):
            sizes.append(await gathered(pace, clock, 16))
            with pace.timed(15):
                clock.now += commit
        return sizes

    assert asyncio.run(play())[-1] == taken


def test_who_does_not_come_again_is_not_waited_for() -> None:
    async def play() -> int:
        clock = Clock()
        pace = Pace(clock)
        with pace.timed(100):
            clock.now += 1.0
        return len(queue) if await pace.gather(queue := [1, 2]) else 0

    assert asyncio.run(play()) == 2


def test_a_batch_is_told_in_order_when_its_last_act_is_decided() -> None:
    async def play() -> list[Decision]:
        batch = Batch(3)
        places = [Place(batch, number) for number in range(3)]
        places[2].set_result(good)
        places[0].set_exception(refusal)
        assert not batch.all.done()
        places[1].set_result(good)
        return await batch.all

    good, refusal = Decision(), Refusal(429, "intake_busy", "Too many bids are waiting.", "Send it again soon.")
    assert asyncio.run(play()) == [Decision(refusal=refusal), good, good]


def test_nobody_waits_in_a_cancelled_batch() -> None:
    async def play() -> tuple[bool, bool]:
        batch = Batch(1)
        before = Place(batch, 0).cancelled()
        batch.all.cancel()
        return before, Place(batch, 0).cancelled()

    assert asyncio.run(play()) == (False, True)
