"""The README's tour, and what a demo prints for a stranger to paste, run as written against one demo server."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.running_demo import ROOT, RunningDemo

README = (ROOT / "README.md").read_text()
STEP = re.compile(r"^```bash\n(.*?)^```\n(?:\n```(\w+)\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
MARK = "-- step --"
PATIENCE = 120  # seconds from a stranger's paste to the settled bid
SAID = (  # what each step must answer, whatever the names, numbers and instants are
    ('"name":"stranger"', '"scopes":["keys","read","trade"]', "visa"),
    ('"mechanism":"second_price"', '"state":"open"', '"unit":"Amounts count 10^-2 EUR."'),
    ("You can be charged at most 100.00 EUR.", '"status":"accepted"', "Buy 1 ticket for at most 90.00 EUR."),
    ('"status":"cleared"', '"won":true', '"why":"You stated: buy 1 of ticket for at most 90.00 EUR.', '"state":"paid"'),
    ("participation.active", "ack:", "Buy 1 ticket", "market.settled", "why: You stated: buy 1 of ticket"),
    ('"state":"enabled"', "at most 50.00 EUR", "Buy 1 book for at most 42.00 EUR each.", "You receive 42.00 EUR."),
    ('"mechanism":"first_price"', '"payments":{"prt_', '"book":4200'),
)

pytestmark = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    running = RunningDemo(tmp_path_factory.mktemp("tour") / "demo.txt")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def answers(demo: RunningDemo) -> list[str]:
    """What each step of the tour printed, all run in one shell, in order."""
    demo.await_fresh_market()
    script = "".join(f"echo '{MARK}'\n{command}" for command, _, _ in STEP.findall(README))
    done = subprocess.run(
        ["bash", "-euc", fitted(script, demo)],
        cwd=ROOT,
        env=demo.environment,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout.split(MARK + "\n")[1:]


def fitted(script: str, demo: RunningDemo) -> str:
    """The script with this server's address and key, this interpreter, and this demo's directory among several."""
    run = f".demo/run-{demo.process.pid}"
    script = script.replace("http://127.0.0.1:8000", demo.found(r"Live page +(http://127\.0\.0\.1:\d+)/"))
    script = script.replace("OPERATOR=wk_test_...", "OPERATOR=" + demo.found(r"Operator +(wk_test_\S+)"))
    script = script.replace("wk_test_...", demo.found(r"KEY=(wk_test_\S+)"))
    script = script.replace(".venv/bin/python", sys.executable)
    return script.replace(".demo/run-*", run).replace(".demo/problem.json", f"{run}/problem.json")


@pytest.mark.parametrize("step", range(len(SAID)))
def test_a_step_of_the_tour_answers_what_the_readme_says(answers, step):
    assert len(answers) == len(SAID)
    for words in SAID[step]:
        assert words in answers[step]


@pytest.mark.parametrize("step", range(len(SAID)))
def test_what_the_readme_shows_of_an_answer_is_in_it(answers, step):
    _, language, shown = STEP.findall(README)[step]
    names = re.findall(r'"(\w+)":' if language == "json" else r"^(\w+):|'(\w+)':", shown, re.MULTILINE)
    names = {"".join(name) for name in names if not "".join(name).startswith("prt_")}
    assert names
    assert {name for name in names if name not in answers[step]} == set()


def test_a_public_outcome_is_recomputed_to_the_same_digest(answers):
    digests = re.findall(r"sha256:[0-9a-f]{64}", answers[-1])
    assert len(digests) == 2
    assert len(set(digests)) == 1


def test_the_readme_shows_the_picture_and_the_two_commands():
    assert (ROOT / "docs/images/market.png").stat().st_size > 10_000
    assert "\nmake demo " in README
    assert "\nmake test " in README


def test_the_tour_leaves_nothing_in_the_tree(answers, demo):
    assert Path(ROOT / f".demo/run-{demo.process.pid}/problem.json").exists()
    assert not (ROOT / "problem.json").exists()


def pasted(script: str) -> str:
    """What a stranger's shell prints."""
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_stranger_s_bid_is_cleared_explained_and_settled(answers, demo):
    """After the tour, on the same server; the texts are those that the demo printed."""
    assert "every chain and every sum holds" in demo.printed
    said = pasted(demo.pasted("explaining in one go:", "Ctrl-C ends"))
    assert "ack:" in said
    assert "market.settled" in said
    assert re.search(r"why: .*EUR", said)

    curl = demo.pasted("With curl:", "and, once it has closed")
    after = demo.pasted("what you got and why:", "With Python")
    wait = f"for i in $(seq {PATIENCE}); do {after} | grep -q '\"why\"' && break; sleep 1; done"
    said = pasted("\n".join((curl, wait, after)))
    assert '"receipt"' in said
    assert '"why"' in said
