"""How much one key may ask for in a window: counted in this process, and in leases from Redis where processes share.

A process spends a small allowance of each key by itself and takes what goes beyond it from Redis in leases, each by one
atomic INCRBY: a key that asks little costs no round trip, one that asks for everything costs twenty a window. Without
Redis, or while it does not answer, a process counts alone.
"""

import logging
import threading
import time
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.core import limits
from marketplace.core.refusals import Refusal

log = logging.getLogger(__name__)
SHARES = 20  # leases that make up the limit; the first one is each process's own allowance
SILENCE = 1.0  # seconds for which a Redis that failed is not asked again
ANSWER_WITHIN = 0.2  # seconds


class Standing(NamedTuple):
    """Where a key stands in this window."""

    limit: int
    remaining: int
    reset: int
    over: bool = False

    def headers(self) -> dict[str, str]:
        """The three headers of every answer; none where there is no limit."""
        if not self.limit:
            return {}
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.reset),
        }

    def refuse_over(self) -> None:
        """429 where the window is spent, with the seconds until the next one."""
        if self.over:
            words = f"This key may make {self.limit} requests in {limits.RATE_SECONDS} seconds."
            then = f"Wait {self.reset} seconds, then send the same again."
            raise Refusal(429, "rate_limited", words, then, extra={"retry_after": self.reset})


class Rates:
    """The counts of one process; all keys share the windows, so an old one is forgotten whole."""

    def __init__(self, limit: int, shared: str = "") -> None:
        self._limit, self._shared = limit, shared
        self._lease = max(1, limit // SHARES)
        self._window = 0
        self._spent: dict[str, int] = {}
        self._granted: dict[str, int] = {}
        self._no_more: set[str] = set()
        self._lock = threading.Lock()
        self._redis: Any = None
        self._silent_until = 0.0

    def take(self, name: str, cost: int = 1) -> Standing:
        """Count a request, or so many; what is over the limit counts too, so that hammering does not help."""
        if not self._limit:
            return Standing(0, 0, 0)
        now = time.time()
        window = int(now) // limits.RATE_SECONDS
        reset = (window + 1) * limits.RATE_SECONDS - int(now)
        with self._lock:
            if window != self._window:
                self._window, self._spent, self._granted, self._no_more = window, {}, {}, set()
            spent = self._spent[name] = self._spent.get(name, 0) + cost
            granted = self._granted.get(name, self._lease if self._shared else self._limit)
            if spent > granted and granted < self._limit and name not in self._no_more:
                granted = self._granted[name] = self._more(name, spent, granted)
        return Standing(self._limit, max(0, granted - spent), reset, spent > granted)

    def _more(self, name: str, spent: int, granted: int) -> int:
        """What this process may spend of the key after a further lease; its allowance is told with the first."""
        wanted = max(self._lease, spent - granted)
        told = wanted + (granted if name not in self._granted else 0)
        sum_of_all = self._count(f"walras:rate:{self._window}:{name}", told)
        if sum_of_all is None:
            return self._limit
        given = max(0, wanted - max(0, sum_of_all - self._limit))
        if given < wanted:
            self._no_more.add(name)
        return granted + given

    def _count(self, key: str, number: int) -> int | None:
        """The sum over all processes, this number added; None where Redis does not say."""
        if time.monotonic() < self._silent_until:
            return None
        try:
            if self._redis is None:
                within = {"socket_timeout": ANSWER_WITHIN, "socket_connect_timeout": ANSWER_WITHIN}
                self._redis = import_string("redis.Redis").from_url(self._shared, **within)
            answers = self._redis.pipeline().incrby(key, number).expire(key, 2 * limits.RATE_SECONDS).execute()
        except Exception:
            log.warning("Redis did not answer; this process counts requests alone for a moment")
            self._silent_until = time.monotonic() + SILENCE
            return None
        return int(answers[0])


rates = Rates(settings.RATE_LIMIT, settings.REDIS_URL)
