"""To which request, or run of a sweep, a line of the log and a row are due."""

import itertools
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "x-request-id"
_HEADER = HEADER.encode()
_GIVEN = re.compile(rb"[0-9A-Za-z-]{8,64}")  # no underscore: so no key and no name of a row gets into the log by it
_process, _numbers = secrets.token_hex(4), itertools.count(1)
_cause: ContextVar[str] = ContextVar("cause", default="")
_sweep: ContextVar[str] = ContextVar("sweep", default="")


def cause() -> str:
    """The request or run that this is done for; empty where there is none."""
    return _cause.get()


def sweep() -> str:
    """The name of the sweep that this is done in; empty outside of sweeps."""
    return _sweep.get()


def begin(headers: Iterable[tuple[bytes, bytes]] = ()) -> str:
    """A new id for what follows in this task: the caller's own where it sends a sound one."""
    given = next((value for name, value in headers if name == _HEADER), b"")
    made = given.decode() if _GIVEN.fullmatch(given) else f"req-{_process}-{next(_numbers)}"
    _cause.set(made)
    return made


@contextmanager
def caused_by(known: str) -> Iterator[None]:
    """What is done inside is due to a request that is known by a row; where the row knows none, all stays as it is."""
    before = _cause.set(known or cause())
    try:
        yield
    finally:
        _cause.reset(before)


@contextmanager
def sweeping(name: str) -> Iterator[None]:
    """One run of a sweep: an id of its own, for what no request is known for."""
    inside, before = _sweep.set(name), _cause.set(f"sweep-{_process}-{next(_numbers)}")
    try:
        yield
    finally:
        _sweep.reset(inside)
        _cause.reset(before)
