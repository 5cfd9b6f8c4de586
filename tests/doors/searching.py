"""Where an amount could lie: every place that the database, Redis and the log write to, as bytes to search."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from django.db import connection, connections

FILES = """SELECT pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname <> 'pg_catalog' AND pg_relation_filepath(c.oid) IS NOT NULL"""


class Searched:
    """The places of one test, from its beginning: what Redis is told from now on, and the write-ahead log."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.postgres = connection.vendor == "postgresql"
        self.wal = _one("SELECT pg_walfile_name(pg_current_wal_lsn())") if self.postgres else ""
        self.told: list[bytes] = []

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Database files with their write-ahead logs, every row of every table; the sandbox's; Redis; the log."""
        if self.postgres:
            yield from _rows()
            yield from self._cluster()
        for alias in connections:
            if connections[alias].vendor == "sqlite":
                name = Path(str(connections[alias].settings_dict["NAME"]))
                yield from ((f"file {file.name}", file.read_bytes()) for file in name.parent.glob(name.name + "*"))
        yield "redis, as it was told", b"\n".join(self.told)
        if url := os.environ.get("REDIS_URL"):
            with redis.Redis.from_url(url) as link:
                yield from ((f"redis {key!r}", link.dump(key) or b"") for key in link.scan_iter())
        yield "log", self.log.read_bytes()

    def _cluster(self) -> Iterator[tuple[str, bytes]]:
        """PostgreSQL's own files after a checkpoint: heaps, indexes, TOAST, and the log written since the beginning."""
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            cursor.execute(FILES)
            heaps = [path for (path,) in cursor.fetchall()]
            cursor.execute("SELECT name FROM pg_ls_waldir() WHERE name >= %s AND length(name) = 24", [self.wal])
            logs = [f"pg_wal/{name}" for (name,) in cursor.fetchall()]
            for path in heaps + logs:
                cursor.execute("SELECT pg_read_binary_file(%s, 0, 1 << 28, true)", [path])
                yield f"file {path}", bytes(cursor.fetchone()[0] or b"")

    @contextmanager
    def hearing_redis(self) -> Iterator[None]:
        """Write down every command that Redis gets, for what it passes on it does not keep."""
        url = os.environ.get("REDIS_URL")
        if not url:
            yield
            return
        link, over = redis.Redis.from_url(url, socket_timeout=None), threading.Event()  # silence is no fault
        with link, link.monitor() as monitor:

            def run() -> None:
                while not over.is_set():
                    self.told.append(str(monitor.next_command()["command"]).encode())

            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            yield
            over.set()
            link.ping()
            thread.join(10)


def _one(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return str(cursor.fetchone()[0])


def _rows() -> Iterator[tuple[str, bytes]]:
    """Every table of PostgreSQL as text, bytes in hex."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield f"table {table}", "\n".join(row[0] for row in cursor.fetchall()).encode()
