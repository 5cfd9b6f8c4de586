"""The sandbox's clock: the machine's, and as much later as it was told to be."""

import threading
import time

_ahead = 0.0
_lock = threading.Lock()


def seconds() -> float:
    """Since the epoch."""
    return time.time() + _ahead


def now() -> int:
    """Whole seconds since the epoch, as every `created` of Stripe."""
    return int(seconds())


def set_ahead(wanted: float) -> None:
    """Be so many seconds ahead of the machine's clock from now on."""
    global _ahead
    with _lock:
        _ahead = wanted


def ahead() -> float:
    """How far it is ahead."""
    return _ahead
