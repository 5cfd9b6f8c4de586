"""The mechanisms' tests: no Django, and a count of the known answers at the end of the run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "known_answers(n): reproduces n published numbers or sets of them (default 1)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("known_answers"):
            item.user_properties.append(("known_answers", mark.args[0] if mark.args else 1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    def total(category: str) -> int:
        reports = terminalreporter.stats.get(category, [])
        return sum(value for report in reports for name, value in report.user_properties if name == "known_answers")

    run, skipped = total("passed") + total("failed"), total("skipped")
    if run or skipped:
        terminalreporter.write_line(f"known answers: {run} run, {skipped} skipped")


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of data that may not be shipped; without it a test skips, or fails under WALRAS_REQUIRE_DATA=1."""
    if os.environ.get("WALRAS_DATA"):
        return Path(os.environ["WALRAS_DATA"])
    if os.environ.get("WALRAS_REQUIRE_DATA") == "1":
        pytest.fail("WALRAS_REQUIRE_DATA=1, but WALRAS_DATA names no folder")
    pytest.skip("WALRAS_DATA names no folder of data that may not be shipped")
