"""SIGKILL at each of 24 named points, then the same story again: nothing is done twice, nothing is lost."""

import json
import os
import subprocess
import sys

import pytest
from django.db import connections

from marketplace.demo.place import ROOT
from tests.crashes.points import POINTS

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
SAMPLE = (
    "intake.after_commit",
    "clear.before_commit",
    "authorise.after_call",
    "capture.after_call",
    "transfer.after_call",
)


def run(seeds: int, *points: str) -> list[dict[str, object]]:
    """The runner on this test's databases; one dictionary a case."""
    environment = {
        **os.environ,
        "WALRAS_DATABASE_NAME": str(connections["default"].settings_dict["NAME"]),
        "STRIPE_SANDBOX_DATABASE": str(connections["stripe_sandbox"].settings_dict["NAME"]),
    }
    command = [sys.executable, "-m", "tests.crashes.runner", str(seeds), *points]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return cases


def test_the_table_has_24_points():
    assert len(POINTS) == 24
    assert len({name.partition(".")[0] for name in POINTS}) == 8


def test_a_sample_of_deaths():
    cases = run(1, *SAMPLE)
    assert [case["killed"] and case["whole"] for case in cases] == [True] * len(SAMPLE)


@pytest.mark.prove
@pytest.mark.parametrize("point", POINTS)
def test_each_point_25_times(point):
    cases = run(25, point)
    print(f"{point}: seeds 0 to 24, killed {sum(bool(case['killed']) for case in cases)} times")
    assert len(cases) == 25
