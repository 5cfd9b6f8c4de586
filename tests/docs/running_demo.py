"""A real demo server, started for the tests of what it prints and of the README's tour."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRACTICE_SECONDS = 12
START_SECONDS = 180
OURS = ("WALRAS_", "STRIPE_", "DATABASE_URL", "REDIS_URL", "DJANGO_")


class RunningDemo:
    """`python -m marketplace.demo` in a process of its own, with what it prints."""

    def __init__(self, output: Path, **environment: str) -> None:
        self.output = output
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        settings = {
            "SCENE": "last_room",
            "PORT": "0",
            "EXIT": "",
            "PRACTICE_SECONDS": str(PRACTICE_SECONDS),
            "DATABASE_URL": "postgres://nowhere/nothing",  # the shell's database is not the demo's
        }
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "marketplace.demo"],
                cwd=ROOT,
                env=self.environment | settings | environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    @property
    def printed(self) -> str:
        """Everything so far."""
        return self.output.read_text()

    def found(self, pattern: str) -> str:
        """The first group of a pattern in what was printed; fails where it is not there."""
        match = re.search(pattern, self.printed)
        assert match, f"{pattern} is not in:\n{self.printed}"
        return match.group(1)

    def pasted(self, start: str, end: str) -> str:
        """The lines that it printed between two of its phrases, as a person would copy them."""
        printed = self.printed
        return printed[printed.index(start) + len(start) : printed.index(end)].strip()

    def await_fresh_market(self) -> None:
        """Return just after a practice market has opened."""
        before, until = self.printed.count("practice market open"), time.monotonic() + START_SECONDS
        while self.printed.count("practice market open") == before:
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < until, self.printed
            time.sleep(0.1)

    def stop(self) -> int:
        """End it by Ctrl-C; its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)
