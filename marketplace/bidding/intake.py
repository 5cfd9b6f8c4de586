"""Group commit: one committer a process takes bids of all markets and makes them durable together."""

import logging
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from django.db import close_old_connections, connections

from marketplace.bidding.groups import Decision, commit_group
from marketplace.bidding.submissions import Submission
from marketplace.core import limits
from marketplace.core.refusals import Refusal

log = logging.getLogger(__name__)
STOP = None


@dataclass
class Waiting:
    """A submission and where its decision goes."""

    submission: Submission
    decision: "Future[Decision]" = field(default_factory=Future)


class Committer:
    """A bounded queue and the one thread that empties it, a group at a time."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Waiting | None] = queue.Queue(limits.INTAKE_QUEUE)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def submit(self, submission: Submission) -> "Future[Decision]":
        """Queue a bid; the future holds its decision once that is durable. Refused when the queue is full."""
        self._ensure_running()
        waiting = Waiting(submission)
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            raise Refusal(
                429, "intake_busy", "Too many bids are waiting.", "Send the same request again soon."
            ) from None
        return waiting.decision

    def stop(self) -> None:
        """Decide what is queued, then end the thread."""
        with self._lock:
            if self._thread is not None:
                self._queue.put(STOP)
                self._thread.join()
                self._thread = None

    def _ensure_running(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._loop, name="committer", daemon=True)
                    self._thread.start()

    def _loop(self) -> None:
        """Decide group after group; a bid whose sender went before its turn is dropped: nothing was acknowledged."""
        while (first := self._queue.get()) is not STOP:
            group, last = self._drain(first)
            wanted = [waiting for waiting in group if waiting.decision.set_running_or_notify_cancel()]
            if wanted:
                self._decide(wanted)
            close_old_connections()
            if last:
                break
        connections.close_all()

    def _drain(self, first: Waiting) -> tuple[list[Waiting], bool]:
        group = [first]
        while len(group) < limits.INTAKE_GROUP:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                return group, False
            if waiting is STOP:
                return group, True
            group.append(waiting)
        return group, False

    def _decide(self, group: list[Waiting]) -> None:
        """Commit the group; where that fails, each alone, so that one poisoned bid costs no other its place."""
        try:
            decisions = commit_group([waiting.submission for waiting in group])
        except Exception as error:
            if len(group) > 1:
                for waiting in group:
                    self._decide([waiting])
                return
            log.exception("a bid could not be committed")
            refusal = _busy("The bid could not be stored now.")
            refusal.__cause__ = error
            group[0].decision.set_exception(refusal)
            return
        for waiting, decision in zip(group, decisions, strict=True):
            waiting.decision.set_result(decision)


def _busy(detail: str) -> Refusal:
    return Refusal(429, "intake_busy", detail, "Send the same request again soon.")


committer = Committer()
