"""A Redis of a test's own, on a free port, that may be stopped and started again."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest
import redis

from marketplace.demo.place import HOST, free_port


class RedisServer:
    """`redis-server` without persistence."""

    def __init__(self, directory: Path) -> None:
        if shutil.which("redis-server") is None:
            pytest.skip("needs redis-server on the PATH")
        self._directory, self.port = directory, free_port(0)
        self.url = f"redis://{HOST}:{self.port}/0"

    def __enter__(self) -> "RedisServer":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", HOST, "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, cwd=self._directory, stdout=subprocess.DEVNULL)
        client, until = redis.Redis.from_url(self.url), time.monotonic() + 10
        while time.monotonic() < until:
            try:
                client.ping()
                client.close()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def stop(self) -> None:
        """End it, with all that it remembers."""
        self._process.terminate()
        self._process.wait(10)
