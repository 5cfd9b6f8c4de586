"""Static files beside Django, not inside it: a synchronous middleware would cost every request two threads."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from whitenoise import WhiteNoise

PREFIX = settings.STATIC_URL
METHODS = ("GET", "HEAD")
Send = Callable[[dict[str, Any]], Awaitable[None]]


class StaticFiles:
    """WhiteNoise's index of the collected files, or of the apps' own where nothing was collected."""

    def __init__(self) -> None:
        self._files = WhiteNoise(None)
        for location in _locations():
            self._files.add_files(location, prefix=PREFIX)

    async def serve(self, scope: dict[str, Any], send: Send) -> None:
        """The file, 304 where the browser has it, or 404."""
        found = self._files.files.get(scope["path"]) if scope["method"] in METHODS else None
        if found is None:
            await _respond(send, 404, [("Content-Type", "text/plain")], b"There is no such file.\n")
            return
        answer = found.get_response(scope["method"], _environ(scope))
        body = b"" if answer.file is None else await asyncio.to_thread(_read, answer.file)
        await _respond(send, int(answer.status), answer.headers, body)


def _locations() -> list[str]:
    if settings.STATIC_ROOT.is_dir():
        return [str(settings.STATIC_ROOT)]
    return sorted({storage.location for finder in finders.get_finders() for _, storage in finder.list([])})


def _environ(scope: dict[str, Any]) -> dict[str, str]:
    """The request's headers as WSGI names them, which is how WhiteNoise reads them."""
    return {
        "HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
        for name, value in scope["headers"]
    }


def _read(file: Any) -> bytes:
    with file:
        content: bytes = file.read()
        return content


async def _respond(send: Send, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
