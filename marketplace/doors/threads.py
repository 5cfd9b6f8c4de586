"""Work for the database in a thread: its connection goes back to the pool when the work is done."""

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from channels.db import DatabaseSyncToAsync

P = ParamSpec("P")
T = TypeVar("T")


def in_thread(act: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The function as a coroutine's; a thread that kept its connection would empty the pool for the others."""
    made: Callable[P, Coroutine[Any, Any, T]] = DatabaseSyncToAsync(act, thread_sensitive=False)
    return made
