"""`docs/mechanisms.md` says what is true: code runs, examples clear as printed, claims are the rules' own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mechanisms import explain, get, read_problem, run, specs
from mechanisms.check import verify

TEXT = (Path(__file__).parents[2] / "docs" / "mechanisms.md").read_text()
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE))
PYTHON = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def block(slug: str, kind: str) -> dict:
    return json.loads(re.search(rf"^```json {kind}\n(.*?)^```", SECTIONS[slug], re.DOTALL | re.MULTILINE)[1])


def test_every_rule_has_its_section():
    assert sorted(SECTIONS) == [spec.slug for spec in specs()]
    for section in SECTIONS.values():
        assert "**For:**" in section
        assert "**Not for:**" in section
        assert "**Definition.**" in section


@pytest.mark.parametrize("code", PYTHON, ids=range(len(PYTHON)))
def test_the_code_runs(code):
    exec(compile(code, "docs/mechanisms.md", "exec"), {"__name__": "docs"})


@pytest.mark.parametrize("slug", SECTIONS)
def test_the_worked_example_clears_as_printed(slug):
    given = read_problem(json.dumps(block(slug, "problem")))
    assert given.mechanism == slug
    outcome = run(slug, given)
    printed = block(slug, "outcome")
    given_out = json.loads(outcome.to_json())
    assert {name: given_out[name] for name in printed} == printed
    assert verify(given, outcome) == []


@pytest.mark.parametrize("slug", SECTIONS)
def test_the_explanation_is_the_one_printed(slug):
    told = re.search(r"^`explain` tells (\w+):\n\n> (.*?)$", SECTIONS[slug], re.MULTILINE)
    given = read_problem(block(slug, "problem"))
    assert explain(given, run(slug, given), told[1]) == told[2]


@pytest.mark.parametrize("slug", SECTIONS)
def test_the_claims_are_the_rule_s_own(slug):
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (.*?) \| (.*?) \|$", SECTIONS[slug], re.MULTILINE)
    printed = [row for row in rows if row[0] != "claim"]
    declared = [
        (
            claim.name,
            claim.status,
            ", ".join(claim.assumes) or "nothing",
            ", ".join(f"`{name}` = {json.dumps(value)}" for name, value in claim.when) or "all",
        )
        for claim in get(slug).claims
    ]
    assert printed == declared
