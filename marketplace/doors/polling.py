"""Waiting for news without a socket: the long polls of REST and MCP."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.doors.hub import Subscription, hub

T = TypeVar("T")


async def read_or_wait(known: Mapping[str, int], seconds: float, read: Callable[[], Awaitable[list[T]]]) -> list[T]:
    """What `read` finds; where that is nothing, what it finds once one of the streams has news, or the time is over.

    `known` has the last number that the caller has of each stream. Raises Refusal where the process is full.
    """
    if hub.size >= limits.SUBSCRIPTIONS_PER_PROCESS:
        raise Refusal(429, "too_many_sockets", "This server has as many listeners as it takes.", "Come back later.")
    subscriptions = {name: hub.subscribe(name) for name in known}
    try:
        found = await read()
        if not found and seconds:
            await _first([_news(subscriptions[name], known[name]) for name in known], seconds)
            found = await read()
        return found
    finally:
        for subscription in subscriptions.values():
            hub.unsubscribe(subscription)


async def _news(subscription: Subscription, known: int) -> None:
    """Until the stream has something past the number; a hub that has just begun with it repeats its last row."""
    while (await subscription.frames.get())[0] <= known:
        pass


async def _first(news: list[Coroutine[Any, Any, None]], seconds: float) -> None:
    """Until one of them is there, or the time is over."""
    waiting = [asyncio.ensure_future(each) for each in news]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
