"""Sweeps: all background work is found by a query for due rows and claimed by a conditional UPDATE."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from django.db import close_old_connections, connections, transaction

from marketplace.core import metrics, tracing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sweep:
    """Work as data: `claim_and_run` does what is due and returns how many rows it handled.

    It must claim each row by a conditional UPDATE, so that any number of workers may run it and any may
    die anywhere. It runs again at once while it returns more than 0, else after `every` seconds or a nudge.
    Sweeps of one `lane` share a thread, so that slow work (the payment gateway) never delays a close.
    """

    name: str
    claim_and_run: Callable[[], int]
    every: float
    lane: str


_sweeps: dict[str, Sweep] = {}
_awake: dict[str, threading.Event] = {}


def register(*sweeps: Sweep) -> None:
    """Make sweeps known; a name stands once."""
    for sweep in sweeps:
        if sweep.name in _sweeps and _sweeps[sweep.name] != sweep:
            raise ValueError(f"two sweeps are named {sweep.name}")
        _sweeps[sweep.name] = sweep
        _awake.setdefault(sweep.lane, threading.Event())


def registered() -> tuple[Sweep, ...]:
    """All known sweeps."""
    return tuple(_sweeps.values())


def nudge(name: str) -> None:
    """After the commit, have the sweep of this name look at once."""
    transaction.on_commit(_awake[_sweeps[name].lane].set, robust=True)


def run_due(rounds: int = 1000) -> int:
    """Run every sweep in this thread until none has anything to do (tests)."""
    total = 0
    for _ in range(rounds):
        done = sum(_run_once(sweep) for sweep in registered())
        total += done
        if not done:
            return total
    raise RuntimeError(f"sweeps still find work after {rounds} rounds")


class Runner:
    """The embedded form: one daemon thread a lane, inside the server process."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start one thread for each lane of the registered sweeps."""
        for lane in sorted({sweep.lane for sweep in registered()}):
            thread = threading.Thread(target=self._loop, args=(lane,), name=f"sweep-{lane}", daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether every lane still runs."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def stop(self, timeout: float = 10) -> None:
        """Ask the threads to end after what they are doing, and wait for them."""
        self._stop.set()
        for event in _awake.values():
            event.set()
        for thread in self._threads:
            thread.join(timeout)

    def _loop(self, lane: str) -> None:
        sweeps = [sweep for sweep in registered() if sweep.lane == lane]
        while not self._stop.is_set():
            _awake[lane].clear()
            busy = sum(self._run(sweep) for sweep in sweeps)
            if not busy:
                _awake[lane].wait(min(sweep.every for sweep in sweeps))
        connections.close_all()

    def _run(self, sweep: Sweep) -> int:
        try:
            return _run_once(sweep)
        except Exception:
            self._stop.wait(sweep.every)
            return 0
        finally:
            close_old_connections()


def _run_once(sweep: Sweep) -> int:
    """One run under an id of its own, counted and written down; one that raises, too."""
    with tracing.sweeping(sweep.name):
        try:
            done = sweep.claim_and_run()
        except Exception:
            log.exception("sweep %s failed; it will look again", sweep.name)
            metrics.sweep_failures.labels(sweep.name).inc()
            raise
        metrics.sweep_last.labels(sweep.name).set_to_current_time()
        if done:
            metrics.sweep_rows.labels(sweep.name).inc(done)
            log.info("sweep %s took up %s", sweep.name, done)
        return done
