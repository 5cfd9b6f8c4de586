"""A load of frames over websockets, each socket with so many bids in flight, and a crowd that waits for an event."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvloop
from websockets.asyncio.client import ClientConnection, connect


@dataclass(frozen=True)
class Line:
    """One socket: where it goes, with which headers, how many bids it sends, and each from the answer before it."""

    url: str
    headers: dict[str, str]
    count: int = 0
    frame: Callable[[str], str] = str


def drive(lines: Sequence[Line], in_flight: int, acknowledges: Callable[[str], bool]) -> float:
    """Acknowledged bids a second over all sockets; whatever is not an acknowledgement and not an event is an error."""
    return uvloop.run(_drive(lines, in_flight, acknowledges))


async def _drive(lines: Sequence[Line], in_flight: int, acknowledges: Callable[[str], bool]) -> float:
    sockets = await _opened(lines)
    started = time.perf_counter()
    await asyncio.gather(
        *(_talk(socket, line, in_flight, acknowledges) for socket, line in zip(sockets, lines, strict=True))
    )
    seconds = time.perf_counter() - started
    await asyncio.gather(*(socket.close() for socket in sockets))
    return sum(line.count for line in lines) / seconds


async def _opened(lines: Sequence[Line]) -> list[ClientConnection]:
    """The sockets, opened a few at a time."""
    turn = asyncio.Semaphore(16)

    async def opened(line: Line) -> ClientConnection:
        async with turn:
            return await connect(line.url, additional_headers=line.headers, compression=None, proxy=None)

    return await asyncio.gather(*(opened(line) for line in lines))


async def _talk(socket: ClientConnection, line: Line, in_flight: int, acknowledges: Callable[[str], bool]) -> None:
    """Keep so many bids in flight until all are acknowledged."""
    for _ in range(in_flight):
        await socket.send(line.frame(""))
    sent, left = in_flight, line.count
    while left:
        text = str(await socket.recv())
        if acknowledges(text):
            left -= 1
            if sent < line.count:
                await socket.send(line.frame(text))
                sent += 1
        elif '"type":"event"' not in text:
            raise AssertionError(text)


def spread(url: str, count: int, act: Callable[[], float], kind: str, times: int) -> list[float]:
    """Seconds from an instant that `act` gives to the last of `count` followers' hearing of it, for each time."""
    return uvloop.run(_spread(url, count, act, kind, times))


async def _spread(url: str, count: int, act: Callable[[], float], kind: str, times: int) -> list[float]:
    sockets = await _opened([Line(url, {})] * count)
    taken = []
    for _ in range(times):
        heard = [asyncio.create_task(_until(socket, kind)) for socket in sockets]
        await asyncio.sleep(0.3)
        started = await asyncio.to_thread(act)
        last = max(await asyncio.gather(*heard))
        taken.append(last - started)
    await asyncio.gather(*(socket.close() for socket in sockets))
    return taken


async def _until(socket: ClientConnection, kind: str) -> float:
    while kind not in str(await socket.recv()):
        pass
    return time.time()
