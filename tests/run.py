"""`make test`: the suite on SQLite, then on PostgreSQL and Redis where they answer; `--prove`: the full counts.

`--pair` (a part of `--prove`): the stories of the doors told to two web processes whose Redis comes and goes.
"""

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
PROVED_ON_BOTH = (  # `make test` has them on SQLite only
    *("crashes", "doors/test_openapi.py", "doors/test_two_worlds.py"),
    *(f"doors/test_{name}.py" for name in ("desk", "pages", "pages_chart", "pages_json", "pages_list", "pages_wants")),
    *(f"doors/test_{name}.py" for name in ("mcp", "client", "asyncapi", "assets", "frame_fuzz", "wire", "previews")),
    *(f"doors/test_browser_{name}.py" for name in ("desk", "market_page", "me", "money")),
)
OF_ONE_PROCESS = (  # looks at one server's log; at its own address; starts servers of its own
    *("test_canaries.py", "test_asyncapi.py", "test_two_processes.py", "test_slow_readers.py", "test_lossy_clients.py"),
)
WORKERS = os.environ.get("TEST_WORKERS") or str(min(4, os.cpu_count() or 1) + 1)  # tests often wait for a process


def main(prove: bool, pair: bool) -> int:
    """All runs; the exit status is non-zero where one fails."""
    missing = unreachable()
    if missing and os.environ.get("WALRAS_REQUIRE_SERVERS") == "1":
        print(f"{missing}; WALRAS_REQUIRE_SERVERS=1 wants them.")
        return 1
    failed = 0 if pair else suite("SQLite", {"DATABASE_URL": "", "REDIS_URL": ""}, prove)
    if missing:
        print(f"{missing}: the suite ran on SQLite only.")
        return failed
    name = f"walras_{secrets.token_hex(4)}"
    servers = {"DATABASE_URL": urlsplit(POSTGRES)._replace(path=f"/{name}").geturl(), "REDIS_URL": REDIS}
    if not pair:
        left_out = ONCE if prove else ONCE + PROVED_ON_BOTH
        failed |= suite("PostgreSQL and Redis", servers, prove, [f"--ignore=tests/{path}" for path in left_out])
    if pair or prove:
        alone = [f"--ignore=tests/doors/{path}" for path in OF_ONE_PROCESS]
        failed |= suite("two processes", servers | {"TEST_PAIR": "1"}, False, ["tests/doors", *alone])
    return failed


def suite(title: str, environment: dict[str, str], prove: bool, extra: list[str] | None = None) -> int:
    """One run of pytest."""
    print(f"== the tests on {title}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", WORKERS, "--dist", "loadfile"]
    command += ["--no-loadscope-reorder", *(extra or [])]  # conftest says which files begin
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
    sys.exit(main("--prove" in sys.argv[1:], "--pair" in sys.argv[1:]))
