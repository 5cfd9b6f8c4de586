"""Static files beside Django, not inside it: a synchronous middleware would cost every request two threads."""

from collections.abc import Callable
from typing import Any

from asgiref.wsgi import WsgiToAsgi
from django.conf import settings
from django.contrib.staticfiles import finders
from whitenoise import WhiteNoise

PREFIX = settings.STATIC_URL


def static_application() -> WsgiToAsgi:
    """WhiteNoise over the collected files, and over those of the apps where nothing was collected."""
    files = WhiteNoise(_nothing, autorefresh=settings.DEBUG)
    if settings.STATIC_ROOT.is_dir():
        files.add_files(str(settings.STATIC_ROOT), prefix=PREFIX)
    else:
        for location in sorted(
            {storage.location for finder in finders.get_finders() for _, storage in finder.list([])}
        ):
            files.add_files(location, prefix=PREFIX)
    return WsgiToAsgi(files)


def _nothing(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"There is no such file.\n"]
