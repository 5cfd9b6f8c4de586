"""A real server process on the test's own databases, for tests that come through the doors as anybody would."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
from django.db import connections

from marketplace.demo.place import HOST, ROOT, free_port
from tests.doors.conformance import hold

# One for all: each new one would read the machine's certificates. What REST answers must be what the document says.
HTTP = httpx.Client(trust_env=False, timeout=30, event_hooks={"response": [hold]})


class Server:
    """`manage.py serve` on a free port; `sweeps`: with background work or not; `environment`: what else it is told."""

    def __init__(self, *, sweeps: bool, log: Path, **environment: str) -> None:
        self.port = free_port(0)
        self.url = f"http://{HOST}:{self.port}"
        self.socket_url = f"ws://{HOST}:{self.port}"
        self.log = log
        self._environment = {
            **os.environ,
            "WALRAS_DATABASE_NAME": str(connections["default"].settings_dict["NAME"]),
            "STRIPE_SANDBOX_DATABASE": str(connections["stripe_sandbox"].settings_dict["NAME"]),
            "WALRAS_SWEEPS": "1" if sweeps else "0",
            "WALRAS_LOG_LEVEL": "WARNING",
            **environment,
        }
        self.start()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self._environment, cwd=ROOT, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                HTTP.get(f"{self.url}/llms.txt").raise_for_status()
                return
            except httpx.TransportError:
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.05)
        raise AssertionError(f"the server did not start: {self.log.read_text()}")

    def kill(self) -> None:
        """SIGKILL: no farewell."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """An orderly end, within seconds."""
        self.process.terminate()
        self.process.wait(30)
