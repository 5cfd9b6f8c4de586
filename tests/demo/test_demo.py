"""`make demo` as a newcomer meets it: a stranger pastes what it prints, and is served within two minutes."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.demo.place import ROOT, free_port

PATIENCE = 120  # seconds from the paste to the settled bid


class Demo:
    """The demo as a process, and what it has printed."""

    def __init__(self, log: Path, **environment: str) -> None:
        self._log = log
        settings = {"SCENE": "last_room", "PORT": str(free_port(0)), "DATABASE_URL": "postgres://nowhere/nothing"}
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "marketplace.demo"],
                env={**os.environ, **settings, **environment},
                cwd=ROOT,
                stdout=out,
                stderr=out,
            )

    def printed(self) -> str:
        """All of its output so far."""
        return self._log.read_text()

    def wait_for(self, text: str, seconds: float = 90) -> str:
        """Its output, once this text is in it."""
        until = time.monotonic() + seconds
        while text not in self.printed():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < until, self.printed()
            time.sleep(0.2)
        return self.printed()

    def stop(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "demo.log", PRACTICE_SECONDS="12")
    yield running
    if running.process.poll() is None:
        running.stop()


def paste(printed: str, start: str, end: str) -> str:
    """The lines that the demo printed between two of its phrases, as a person would copy them."""
    return printed[printed.index(start) + len(start) : printed.index(end)].strip()


def test_a_stranger_s_bid_is_cleared_explained_and_settled(demo: Demo) -> None:
    printed = demo.wait_for("Ctrl-C ends the demo.")
    demo.wait_for("practice market open")
    assert "every chain and every sum holds" in printed
    started = time.monotonic()
    python = paste(printed, "explaining in one go:", "Ctrl-C ends")
    done = subprocess.run(["bash", "-c", python], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ack:" in done.stdout
    assert "market.settled" in done.stdout
    assert re.search(r"why: .*EUR", done.stdout)

    curl = paste(printed, "With curl:", "and, once it has closed") + "\n"
    after = paste(printed, "what you got and why:", "With Python")
    wait = f"for i in $(seq {PATIENCE}); do {after} | grep -q '\"why\"' && break; sleep 1; done\n"
    done = subprocess.run(
        ["bash", "-c", curl + wait + after], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert '"receipt"' in done.stdout, done.stdout + done.stderr
    assert '"why"' in done.stdout, done.stdout + done.stderr
    assert time.monotonic() - started < PATIENCE
    assert demo.stop() == 0


def test_an_unknown_scene_is_refused_in_one_line(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "demo.log", SCENE="moon")
    assert demo.process.wait(30) == 2
    assert demo.printed() == "There is no scene 'moon'; SCENE is one of trip, upgrade, last_room, electricity.\n"
