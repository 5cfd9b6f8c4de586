"""The in-process door: a `stripe.HTTPClient` whose requests are answered on threads and connections of their own."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import stripe
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections

from marketplace.stripe_sandbox.answer import Reply, Request, answer
from marketplace.stripe_sandbox.router import ALIAS, APP

THREADS = 4
_migrated: set[str] = set()  # databases that this process has seen to
_migrating = threading.Lock()


def _migrate_once() -> None:
    """Like the server, this door brings its own tables."""
    name = str(connections[ALIAS].settings_dict["NAME"])
    with _migrating:
        if name not in _migrated:
            call_command("migrate", APP, database=ALIAS, verbosity=0)
            _migrated.add(name)


def _answer_and_settle(request: Request) -> Reply:
    """Django keeps one connection per thread; one that a failure left inside a transaction is not kept."""
    _migrate_once()
    reply = answer(request)
    if connections[ALIAS].in_atomic_block or reply.status >= 500:
        connections[ALIAS].close()
    return reply


class InProcessClient(stripe.HTTPClient):
    """Safe for many threads; the caller's transaction cannot take the sandbox's effects back."""

    name = "walras-sandbox"

    def __init__(self) -> None:
        super().__init__()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="stripe-sandbox")

    def request(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[str, int, Mapping[str, str]]:
        """What the SDK calls; the host of the url does not matter."""
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        request = Request(method.upper(), target, lower, (post_data or "").encode())
        if connections[DEFAULT_DB_ALIAS].in_atomic_block:
            raise RuntimeError("the sandbox was called inside a transaction of ours, which could not take it back")
        reply = self._pool.submit(_answer_and_settle, request).result()
        if reply.cut:
            raise stripe.APIConnectionError("the sandbox's chaos cut the connection")
        return reply.body.decode(), reply.status, httpx.Headers(reply.headers)

    def close(self) -> None:
        self._pool.shutdown()
