"""Long answers block by block: made in a thread of their own, whose database connection nobody else uses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse


class Blocks:
    """The blocks of an iterator that runs in one thread from its first block to its last."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._thread = ThreadPoolExecutor(1, "stream")
        self._first: bytes | None = self._thread.submit(self._next).result()  # what is refused is refused here

    def _next(self) -> bytes | None:
        try:
            return next(self._blocks, None)
        except BaseException:
            connections.close_all()
            raise

    def _end(self) -> None:
        self._blocks.close()  # type: ignore[attr-defined]
        connections.close_all()

    def __iter__(self) -> Iterator[bytes]:
        """For a server that is not asynchronous."""
        while self._first is not None:
            yield self._first
            self._first = self._thread.submit(self._next).result()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """For one that is: the loop is free while the thread works."""
        loop = asyncio.get_running_loop()
        try:
            while self._first is not None:
                yield self._first
                self._first = await loop.run_in_executor(self._thread, self._next)
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back, whether or not all was read."""
        self._thread.submit(self._end)
        self._thread.shutdown(wait=False)


def streamed(request: HttpRequest, blocks: Iterator[bytes], media: str, name: str) -> StreamingHttpResponse:
    """The blocks as a download; refusals raised before the first block are raised here."""
    made = Blocks(blocks)
    content = aiter(made) if isinstance(request, ASGIRequest) else _closing(made)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=media, headers=headers)


def _closing(made: Blocks) -> Iterator[bytes]:
    try:
        yield from made
    finally:
        made.close()
