"""`make test`: the suite on SQLite, then on PostgreSQL and Redis where they answer."""

import os
import secrets
import subprocess
import sys
import time
from urllib.parse import urlsplit

import psycopg
import redis

POSTGRES = os.environ.get("TEST_POSTGRES_URL") or "postgres://root@127.0.0.1:5432/postgres"
REDIS = os.environ.get("TEST_REDIS_URL") or "redis://127.0.0.1:6379/0"
ONCE = ("mechanisms", "stripe_sandbox", "demo", "docs", "test_house.py")  # know nothing of the database
WORKERS = os.environ.get("TEST_WORKERS") or str(min(4, os.cpu_count() or 1))


def main(prove: bool) -> int:
    """Both runs; the exit status is non-zero where either fails."""
    missing = unreachable()
    if missing and os.environ.get("WALRAS_REQUIRE_SERVERS") == "1":
        print(f"{missing}; WALRAS_REQUIRE_SERVERS=1 wants them.")
        return 1
    failed = suite("SQLite", {"DATABASE_URL": "", "REDIS_URL": ""}, prove)
    if missing:
        print(f"{missing}: the suite ran on SQLite only.")
        return failed
    name = f"walras_{secrets.token_hex(4)}"
    servers = {"DATABASE_URL": urlsplit(POSTGRES)._replace(path=f"/{name}").geturl(), "REDIS_URL": REDIS}
    return suite("PostgreSQL and Redis", servers, prove, [f"--ignore=tests/{path}" for path in ONCE]) or failed


def suite(title: str, environment: dict[str, str], prove: bool, extra: list[str] | None = None) -> int:
    """One run of pytest."""
    print(f"== the tests on {title}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", WORKERS, "--dist", "loadfile", *(extra or [])]
    command += ["-m", "prove"] if prove else []
    started = time.monotonic()
    status = subprocess.run(command, env={**os.environ, **environment}).returncode
    print(f"== {title}: {time.monotonic() - started:.0f} s", flush=True)
    return status


def unreachable() -> str:
    """A sentence naming the servers that do not answer; empty where both do."""
    silent = []
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.Error:
        silent.append(f"PostgreSQL ({POSTGRES})")
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=2).ping()
    except redis.RedisError:
        silent.append(f"Redis ({REDIS})")
    return f"{' and '.join(silent)} did not answer" if silent else ""


if __name__ == "__main__":
    sys.exit(main("--prove" in sys.argv[1:]))
