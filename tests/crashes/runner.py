"""Kills and recoveries, one after the other: this process only forks, so each case is a process of its own.

`python -m tests.crashes.runner SEEDS POINT...` prints a line of JSON a case; the environment names the databases.
"""

import json
import os
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connections  # noqa: E402

import mechanisms  # noqa: E402
from marketplace.stripe_sandbox import client  # noqa: E402
from tests.crashes import story, turns  # noqa: E402
from tests.crashes.points import POINTS, arm  # noqa: E402


def forked(act: Callable[[], list[str] | None]) -> int:
    """The status of a child that does this and ends; it prints what is wrong."""
    sys.stdout.flush()
    if pid := os.fork():
        return os.waitpid(pid, 0)[1]
    status = 1
    try:
        wrong = act()
        for line in wrong or []:
            print(line, file=sys.stderr, flush=True)
        status = 2 if wrong else 0
    except BaseException:
        traceback.print_exc()
    os._exit(status)


def case(point: str, seed: int, place: Path) -> dict[str, object]:
    """One market: told until it dies at the point, then told again to its end."""
    told = turns if point.startswith(("move.", "tick.")) else story
    everybody, mine = place / "everybody", place / f"{point}-{seed}"
    nth = random.Random(f"{point}:{seed}").randint(1, POINTS[point].most)

    def die() -> None:
        arm(point, nth)
        told.tell(everybody, mine)

    def recover() -> list[str]:
        told.hurry()
        told.tell(everybody, mine)
        return told.faults(mine)

    begun = forked(lambda: told.begin(everybody, mine))
    died = forked(die)
    ended = forked(recover)
    killed = os.WIFSIGNALED(died) and os.WTERMSIG(died) == signal.SIGKILL
    return {"point": point, "seed": seed, "nth": nth, "killed": killed, "whole": begun == 0 and ended == 0}


def main(seeds: int, points: list[str]) -> int:
    """All seeds of all points; the exit status is non-zero where one was not killed or is not whole."""
    client._migrated.add(str(connections["stripe_sandbox"].settings_dict["NAME"]))  # the tests have seen to it
    mechanisms.specs()  # imports every rule once, not in every child
    with tempfile.TemporaryDirectory() as place:
        if forked(lambda: story.prepare(Path(place) / "everybody")):
            return 3
        failed = 0
        for point in points or list(POINTS):
            for seed in range(seeds):
                came = case(point, seed, Path(place))
                failed += not (came["killed"] and came["whole"])
                print(json.dumps(came), flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
