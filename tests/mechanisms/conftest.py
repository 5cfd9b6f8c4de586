"""The mechanisms' tests: no Django, and a count of the known answers at the end of the run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from known_answers import NAME, pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "known_answers(n): reproduces n published numbers or sets of them (default 1)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers(NAME):
            item.user_properties.append((NAME, mark.args[0] if mark.args else 1))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of data that may not be shipped; without it a test skips, or fails under WALRAS_REQUIRE_DATA=1."""
    if os.environ.get("WALRAS_DATA"):
        return Path(os.environ["WALRAS_DATA"])
    if os.environ.get("WALRAS_REQUIRE_DATA") == "1":
        pytest.fail("WALRAS_REQUIRE_DATA=1, but WALRAS_DATA names no folder")
    pytest.skip("WALRAS_DATA names no folder of data that may not be shipped")
