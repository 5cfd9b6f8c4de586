"""The line `known answers: N run, M skipped` at the end of a test run.

A conftest that imports `pytest_terminal_summary` prints it; where tests run in several processes, that must be the
conftest of the whole suite.
"""

from __future__ import annotations

import pytest

NAME = "known_answers"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what the tests marked `known_answers(n)` reproduce; once, whoever asks."""

    def total(*categories: str) -> int:
        reports = [report for category in categories for report in terminalreporter.stats.get(category, [])]
        return sum(count for report in reports for name, count in report.user_properties if name == NAME)

    run, skipped = total("passed", "failed"), total("skipped")
    if (run or skipped) and not getattr(terminalreporter, NAME, False):
        terminalreporter.write_line(f"known answers: {run} run, {skipped} skipped")
        setattr(terminalreporter, NAME, True)
