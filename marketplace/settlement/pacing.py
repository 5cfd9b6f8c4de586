"""Pacing: no more calls a second than Stripe takes, and a pause of everybody where it says that it was too many."""

import random
import threading
import time

from django.conf import settings

PAUSE_SECONDS = 1.0  # after a 429, before jitter


class Pacer:
    """Hands out instants, evenly spaced, to all threads of a process; a rate of 0 is no limit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Sleep until it is this call's turn."""
        rate = settings.STRIPE_CALLS_PER_SECOND
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + (1 / rate if rate else 0)
        if (delay := turn - time.monotonic()) > 0:
            time.sleep(delay)

    def slow_down(self) -> None:
        """Stripe had too many calls: whoever comes next waits, this process's share of a thundering herd."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + PAUSE_SECONDS * random.uniform(0.5, 1.5))


pacer = Pacer()
