"""Two web processes behind one name, on one PostgreSQL and a Redis of their own that goes and comes back."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.redis_server import RedisServer
from tests.server import Server

UP, DOWN = 4.0, 0.5  # seconds that Redis is there, and away


class Pair:
    """Each request, each connection goes to the other one."""

    def __init__(self, servers: list[Server]) -> None:
        self.servers = servers
        self._turns = itertools.cycle(servers)

    @property
    def url(self) -> str:
        """An address to ask at."""
        return next(self._turns).url

    @property
    def socket_url(self) -> str:
        """An address to dial."""
        return next(self._turns).socket_url


@contextmanager
def two_processes(place: Path, redis: RedisServer) -> Iterator[Pair]:
    """Two servers without background work."""
    servers = [Server(sweeps=False, log=place / f"{n}.log", REDIS_URL=redis.url) for n in range(2)]
    try:
        yield Pair(servers)
    finally:
        for server in servers:
            server.stop()


@contextmanager
def restarted_again_and_again(redis: RedisServer) -> Iterator[None]:
    """Redis goes away, forgets all and comes back, again and again, until the end."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(UP):
            redis.stop()
            over.wait(DOWN)
            redis.start()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
