"""A load of POSTs from one process over kept-alive connections, each with one request in flight."""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import uvloop


@dataclass(frozen=True)
class Load:
    """What a server did: bids a second, and how long the slowest hundredth of the requests waited."""

    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[int, int]


class Connection(asyncio.Protocol):
    """One connection: sends the next request when the last is answered."""

    def __init__(
        self, requests: Iterator[bytes], done: asyncio.Future[None], waits: list[float], statuses: dict, holds: bytes
    ) -> None:
        self._requests, self._done, self._waits, self._statuses = requests, done, waits, statuses
        self._holds = holds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, mark, body = self._buffer.partition(b"\r\n\r\n")
        if not mark or len(body) < _length(head):
            return
        self._waits.append(time.perf_counter() - self._sent)
        if self._holds not in body:
            self._done.set_exception(AssertionError(f"an answer without {self._holds!r}: {body[:200]!r}"))
            return
        status = int(head[9:12])
        self._statuses[status] = self._statuses.get(status, 0) + 1
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed a connection"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._done.set_result(None)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.index(b"content-length:") + 15
    return int(lower[at:].split(b"\r\n", 1)[0])


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def drive(port: int, requests: Sequence[bytes], connections: int = 16, each: int = 1, holds: bytes = b"") -> Load:
    """Send all requests, of `each` bids, over so many connections; every answer must hold the given bytes."""
    return uvloop.run(_drive(port, requests, connections, each, holds))


async def _drive(port: int, requests: Sequence[bytes], connections: int, each: int, holds: bytes) -> Load:
    loop, shared = asyncio.get_running_loop(), iter(requests)
    waits: list[float] = []
    statuses: dict[int, int] = {}
    done = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for future in done:
        await loop.create_connection(lambda f=future: Connection(shared, f, waits, statuses, holds), "127.0.0.1", port)
    await asyncio.gather(*done)
    seconds = time.perf_counter() - started
    cuts = statistics.quantiles(waits, n=100)
    return Load(len(waits) * each / seconds, cuts[49] * 1e3, cuts[98] * 1e3, statuses)
