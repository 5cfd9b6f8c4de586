"""The crash points: one table, before and after each commit and each call of ten operations."""

import inspect
import os
import signal
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, NamedTuple

from django.db import connection


class Point(NamedTuple):
    """Where the process dies: as it enters or leaves a function, the n-th time."""

    place: str  # module:name, or module:Class.name
    when: str  # enter or leave
    most: int  # how often the story passes it at least
    verb: str = ""  # of the settlement operation, where the place serves several


SETTLEMENT = "marketplace.settlement"
POINTS = {
    "join.before_commit": Point("marketplace.bidding.participations:_insert", "leave", 3),
    "join.after_commit": Point("marketplace.bidding.participations:_enter", "leave", 3),
    "join.after_completion": Point("marketplace.bidding.participations:complete_join", "leave", 3),
    "intake.before_commit": Point("marketplace.bidding.stores.{vendor}:_write", "enter", 3),
    "intake.after_commit": Point("marketplace.bidding.stores.{vendor}:{Vendor}Store.commit", "leave", 3),
    "intake.before_answer": Point("marketplace.bidding.intake:Committer._answer", "enter", 3),
    "move.before_commit": Point("marketplace.bidding.moves:record", "leave", 4),
    "move.after_commit": Point("marketplace.bidding.moves:submit_move", "leave", 4),
    "tick.before_commit": Point("marketplace.bidding.ticking:record", "leave", 3),
    "tick.after_commit": Point("marketplace.bidding.ticking:tick", "leave", 3),
    "clear.before_run": Point("marketplace.clearing.child:_run", "enter", 1),
    "clear.before_commit": Point("marketplace.clearing.results:record_debts", "leave", 1),
    "clear.after_commit": Point("marketplace.clearing.child:commit_outcome", "leave", 1),
    "authorise.before_call": Point(f"{SETTLEMENT}.calls:hold", "enter", 3),
    "authorise.after_call": Point(f"{SETTLEMENT}.calls:hold", "leave", 3),
    "authorise.after_commit": Point(f"{SETTLEMENT}.work:_note", "leave", 3, "hold"),
    "capture.before_call": Point(f"{SETTLEMENT}.calls:capture", "enter", 2),
    "capture.after_call": Point(f"{SETTLEMENT}.calls:capture", "leave", 2),
    "capture.after_commit": Point(f"{SETTLEMENT}.work:_note", "leave", 1, "capture"),
    "transfer.before_call": Point(f"{SETTLEMENT}.calls:transfer", "enter", 1),
    "transfer.after_call": Point(f"{SETTLEMENT}.calls:transfer", "leave", 1),
    "transfer.after_commit": Point(f"{SETTLEMENT}.work:_note", "leave", 1, "transfer"),
    "refund.before_call": Point(f"{SETTLEMENT}.calls:refund", "enter", 1),
    "refund.after_call": Point(f"{SETTLEMENT}.calls:refund", "leave", 1),
    "refund.after_commit": Point(f"{SETTLEMENT}.work:_note", "leave", 1, "refund"),
    "webhook.before_commit": Point(f"{SETTLEMENT}.webhooks:_store", "enter", 5),
    "webhook.after_commit": Point(f"{SETTLEMENT}.webhooks:_store", "leave", 5),
    "webhook.while_handled": Point(f"{SETTLEMENT}.events:_handled", "enter", 1),
}


def arm(name: str, nth: int) -> None:
    """From now on this process dies by SIGKILL at the n-th passage of the point."""
    point = POINTS[name]
    vendor = "postgres" if connection.vendor == "postgresql" else connection.vendor
    module, _, attribute = point.place.format(vendor=vendor, Vendor=vendor.capitalize()).partition(":")
    owner: Any = import_module(module)
    *path, last = attribute.split(".")
    for part in path:
        owner = getattr(owner, part)
    setattr(owner, last, _deadly(getattr(owner, last), point, nth))


def _deadly(original: Callable[..., Any], point: Point, nth: int) -> Callable[..., Any]:
    passed = 0

    def reach(args: tuple[Any, ...]) -> None:
        nonlocal passed
        if point.verb and args[0].verb != point.verb:
            return
        passed += 1
        if passed == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    async def left(result: Coroutine[Any, Any, Any], args: tuple[Any, ...]) -> Any:
        answered = await result
        reach(args)
        return answered

    def wrapped(*args: Any, **options: Any) -> Any:
        if point.when == "enter":
            reach(args)
        result = original(*args, **options)
        if point.when == "leave" and inspect.iscoroutine(result):
            return left(result, args)
        if point.when == "leave":
            reach(args)
        return result

    return wrapped
