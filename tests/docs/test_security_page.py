"""The page on what is safe: what it names is there, and all ten risks have a control and a test."""

import re
from pathlib import PurePosixPath

from tests.docs.refusal_codes import ROOT
from tests.docs.test_pages import page


def named(cell: str) -> list[str]:
    """The files that a cell names; one without a folder stands in that of the one before."""
    found: list[str] = []
    for name in re.findall(r"`([\w/]+(?:\.py)?)`", cell):
        found.append(name if "/" in name or not found else str(PurePosixPath(found[-1]).with_name(name)))
    return found


def test_all_ten_risks_have_a_control_and_a_test_that_exists() -> None:
    rows = [line.strip("|").split("|") for line in page("docs/security.md").splitlines() if line.startswith("| API")]
    assert [row[0].split()[0] for row in rows] == [f"API{n}" for n in range(1, 11)]
    for risk, control, tests in rows:
        assert control.strip(), risk
        assert named(tests), risk
        assert [name for name in named(tests) if not (ROOT / name).exists()] == [], risk


def test_the_files_that_it_names_are_there() -> None:
    files = re.findall(r"`((?:tests|benchmarks|docs)/[\w/]+\.py)`", page("docs/security.md"))
    assert [name for name in files if not (ROOT / name).exists()] == []
    assert len(files) > 8
