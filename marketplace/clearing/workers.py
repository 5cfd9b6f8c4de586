"""The parent's side: keeps one clearing child, gives it rounds, and ends it when it hangs."""

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any, cast

from django.conf import settings
from django.db import connection

from marketplace.core import tracing

HEARTBEAT_SECONDS = 2.0


class ChildDied(Exception):
    """The child ended or hung before it answered."""


class Worker:
    """One child process, started when first needed and again after it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def clear(self, *, round_ref: str, claim: str, seconds: float, heartbeat: Callable[[], None]) -> dict[str, Any]:
        """Have the child clear a round; raises ChildDied past `seconds` of wall clock, with the child killed."""
        with self._lock:
            process = self._running()
            order = {"round": round_ref, "claim": claim, "cause": tracing.cause()}
            try:
                return self._ask(process, order, time.monotonic() + seconds, heartbeat)
            except (
                BaseException
            ) as error:  # its answer may still be in the pipe: a child is used again only when in step
                self._kill()
                if isinstance(error, OSError | ValueError):
                    raise ChildDied(str(error)) from error
                raise

    def stop(self) -> None:
        """End the child: it stops by itself when its input ends."""
        with self._lock:
            if self._process is not None:
                self._process.stdin.close()  # type: ignore[union-attr]
                try:
                    self._process.wait(5)
                except subprocess.TimeoutExpired:
                    self._kill()
                self._close()

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._close()
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, str(settings.BASE_DIR / "manage.py"), "clearing_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
                cwd=settings.BASE_DIR,
            )
        return self._process

    def _ask(
        self, process: subprocess.Popen[bytes], order: dict[str, str], until: float, heartbeat: Callable[[], None]
    ) -> dict[str, Any]:
        stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        stdin.write(json.dumps(order).encode() + b"\n")
        stdin.flush()
        with selectors.DefaultSelector() as selector:  # select() itself knows no descriptor beyond 1023
            selector.register(stdout, selectors.EVENT_READ)
            while time.monotonic() < until:
                if selector.select(HEARTBEAT_SECONDS):
                    return _reply(process, stdout.readline(), order)
                heartbeat()
        raise ChildDied("the clearing child did not answer in time")

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._close()

    def _close(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        self._process = None


def _reply(process: subprocess.Popen[bytes], line: bytes, order: dict[str, str]) -> dict[str, Any]:
    if not line:
        raise ChildDied(f"the clearing child ended with status {process.wait()}")
    reply: dict[str, Any] = json.loads(line)
    if reply["round"] != order["round"]:
        raise ChildDied(f"the clearing child answered for {reply['round']}")
    return reply


def _environment() -> dict[str, str]:
    """Ours, with the database that this process really uses (in tests it is another than the settings say).

    Without the secret of web processes: who can open bids is not to know what makes nonces and fingerprints.
    """
    ours = {name: value for name, value in os.environ.items() if name != "WALRAS_SECRET_KEY"}
    return {**ours, "WALRAS_DATABASE_NAME": str(connection.settings_dict["NAME"])}


worker = Worker()
