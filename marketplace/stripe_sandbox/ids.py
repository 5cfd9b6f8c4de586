"""Object ids that look like Stripe's and sort by the moment of their making."""

import secrets
import string
import threading

from marketplace.stripe_sandbox import clock

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase  # in ASCII order, so text sorts as time
_lock = threading.Lock()
_last = 0


def _tick() -> int:
    """Microseconds that never repeat within this process."""
    global _last
    with _lock:
        _last = max(_last + 1, int(clock.seconds() * 1_000_000))
        return _last


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits))


def new_id(prefix: str) -> str:
    """Nine characters of time, then fifteen that cannot be guessed."""
    return f"{prefix}_{_base62(_tick(), 9)}{_base62(secrets.randbits(88), 15)}"
