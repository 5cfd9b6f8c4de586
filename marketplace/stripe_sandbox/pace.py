"""The switch for Stripe's own limit: so many requests a second, and 429 for what is more."""

import threading
import time
from collections import deque

from marketplace.stripe_sandbox.errors import Refusal

_served: deque[float] = deque()
_lock = threading.Lock()
_per_second = 0


def limit_to(per_second: int) -> None:
    """Take no more than so many a second from now on; 0 takes all."""
    global _per_second
    with _lock:
        _per_second = per_second
        _served.clear()


def check_pace() -> None:
    """Refuse what is one too many within any second."""
    if not _per_second:
        return
    with _lock:
        now = time.monotonic()
        while _served and _served[0] <= now - 1:
            _served.popleft()
        if len(_served) >= _per_second:
            raise too_many()
        _served.append(now)


def too_many() -> Refusal:
    """Nothing was executed, and nothing is stored."""
    return Refusal("Request rate limit exceeded.", status=429, code="rate_limit")
