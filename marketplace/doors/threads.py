"""Work for the database in a thread: its connection goes back to the pool when the work is done, if there is a pool."""

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import SyncToAsync
from channels.db import DatabaseSyncToAsync
from django.db import connection

P = ParamSpec("P")
T = TypeVar("T")


def in_thread(act: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The function as a coroutine's; a thread that kept its connection would empty the pool for the others.

    SQLite has none: there each of the few threads keeps its own, for to open the file anew costs more than most work.
    """
    kind = SyncToAsync if connection.vendor == "sqlite" else DatabaseSyncToAsync
    made: Callable[P, Coroutine[Any, Any, T]] = kind(act, thread_sensitive=False)
    return made
