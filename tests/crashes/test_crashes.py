"""SIGKILL at each of 28 named points, then the same story again: nothing is done twice, nothing is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from marketplace.demo.place import ROOT
from tests.crashes.points import POINTS

SAMPLE = (
    "intake.after_commit",
    "move.after_commit",
    "clear.before_commit",
    "authorise.after_call",
    "capture.after_call",
    "transfer.after_call",
)
Run = Callable[..., list[dict[str, object]]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module keeps its files."""
    return tmp_path_factory.mktemp("crashes")


@pytest.fixture(scope="module")
def ours(place: Path) -> Iterator[str]:
    """A database that no other test's server works on: its sweeps would do what is to die here."""
    servers = os.environ.get("DATABASE_URL", "")
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield str(place / "walras.sqlite3")
        return
    name = f"{urlsplit(servers).path[1:]}_crashes_{os.getpid()}"
    with psycopg.connect(urlsplit(servers)._replace(path="/postgres").geturl(), autocommit=True) as link:
        link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield name
        link.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def run(ours: str, place: Path) -> Run:
    """The runner on databases of its own; one dictionary a case."""
    environment = {
        **os.environ,
        "WALRAS_DATABASE_NAME": ours,
        "STRIPE_SANDBOX_DATABASE": str(place / "stripe.sqlite3"),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    for database in ("default", "stripe_sandbox"):
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--database", database]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)

    def told(seeds: int, *points: str) -> list[dict[str, object]]:
        command = [sys.executable, "-m", "tests.crashes.runner", str(seeds), *points]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        cases = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return cases

    return told


def test_the_table_has_28_points():
    assert len(POINTS) == 28
    assert len({name.partition(".")[0] for name in POINTS}) == 10


def test_a_sample_of_deaths(run: Run):
    cases = run(1, *SAMPLE)
    assert [case["killed"] and case["whole"] for case in cases] == [True] * len(SAMPLE)


@pytest.mark.prove
@pytest.mark.parametrize("point", POINTS)
def test_each_point_25_times(run: Run, point):
    cases = run(25, point)
    print(f"{point}: seeds 0 to 24, killed {sum(bool(case['killed']) for case in cases)} times")
    assert len(cases) == 25
