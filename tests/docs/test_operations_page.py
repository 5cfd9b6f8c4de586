"""The operator's page of money: every task, every state, and only buttons that there are."""

import re
from pathlib import Path

import pytest
from django.contrib import admin

from marketplace.settlement.models import Attempt, Authorisation, Obligation
from tests.docs.test_pages import page

SETTLEMENT = Path(__file__).resolve().parents[2] / "marketplace" / "settlement"


@pytest.fixture(scope="module")
def section():
    return page("docs/operations.md").partition("## Money that does not move")[2].partition("\n## ")[0]


def rows(section):
    """The lines of its tables, cell by cell."""
    lines = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line] for line in lines]


def task_codes():
    """As the code opens them; those of a kind or of the books stand there by their pattern."""
    source = "\n".join(path.read_text() for path in SETTLEMENT.glob("*.py"))
    return set(re.findall(r'code="([a-z_]+)"', source)) | {"refund_declined", "reversal_declined", "books_..."}


def test_every_task_says_what_happened_and_what_to_do(section):
    told = {line[0].strip("`"): line[1:] for line in rows(section)}
    assert {"no_clear_answer", "dispute"} <= task_codes()
    for code in task_codes():
        assert len([cell for cell in told[code] if cell]) == 2, code


@pytest.mark.parametrize(
    ("what", "states"),
    [
        ("obligation", {each.value for each in Obligation.State}),
        ("authorisation", {"pending", "unknown", "authorised"}),
        ("attempt", {Attempt.State.ASKED.value}),
    ],
)
def test_every_state_in_which_money_may_rest_says_what_moves_it(section, what, states):
    told = [line[0] for line in rows(section) if line[0].startswith(what)]
    assert states <= {state for cell in told for state in re.findall(r"`([a-z_]+)`", cell)}
    assert {"pending", "unknown", "authorised"} <= {each.value for each in Authorisation.State}


def test_every_button_that_it_names_is_there(section):
    offered = {
        action.short_description
        for model, shown in admin.site._registry.items()
        if model._meta.app_label == "settlement"
        for action in (getattr(shown, name) for name in shown.actions or ())
    }
    named = {name for name in re.findall(r"\*([A-Z][^*]+)\*", section) if name != "Tasks"}
    assert {"Retry", "Resend", "Refund", "Release the hold", "Undo the whole round"} <= named
    assert [name for name in named if not any(text.startswith(name) for text in offered)] == []
