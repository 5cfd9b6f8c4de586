"""The pages against the code: links, codes, settings, events, commands, the quickstart's length."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.docs.refusal_codes import ROOT, found_codes

HOMES = ("docs", "mechanisms", "tests", "benchmarks", "marketplace/doors")  # not demo/data: notices of others
PAGES = sorted([*ROOT.glob("*.md"), *(path for home in HOMES for path in (ROOT / home).rglob("*.md"))])
QUICKSTART = ROOT / "docs/quickstart_agent.py"
BLANK = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def page(name: str) -> str:
    return (ROOT / name).read_text()


CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def without_code(text: str) -> str:
    """A page without its fenced blocks and code spans."""
    return CODE.sub("", text)


def anchors(path: Path) -> set[str]:
    """The anchors that a page's headings make, as GitHub forms them."""
    headings = re.findall(r"^#+ +(.+)$", re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(path: Path) -> Iterator[str]:
    """The targets of a page's links and images."""
    return iter(re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text())))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_resolve(path):
    for target in links(path):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        pointed = (path.parent / file).resolve() if file else path
        assert pointed.exists(), target
        assert not anchor or anchor in anchors(pointed), target


def test_every_refusal_is_explained_and_no_other():
    explained = re.findall(r"^### (\S+)$", page("docs/errors.md"), re.MULTILINE)
    assert len(explained) == len(set(explained))
    given = found_codes()
    assert given - set(explained) == set(), "explain these in docs/errors.md"
    assert set(explained) - given == set(), "these are given no more; take them out of docs/errors.md"


def test_every_refusal_says_what_to_do():
    sections = re.split(r"^### ", page("docs/errors.md"), flags=re.MULTILINE)[1:]
    assert [text.split()[0] for text in sections if "**Do:**" not in text] == []


def environment_names(path: Path) -> set[str]:
    """The variables that a file reads."""
    source = path.read_text()
    return set(re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", source))


def test_every_environment_variable_of_the_settings_is_in_the_table():
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", page("docs/operations.md"), re.MULTILINE))
    read = {path: environment_names(path) for path in (ROOT / "marketplace").rglob("*.py")}
    assert read[ROOT / "marketplace/settings.py"] - table == set()
    assert table - set().union(*read.values()) == set()


def test_every_environment_variable_is_on_the_page():
    tests = [ROOT / "tests/run.py", *(ROOT / "tests").rglob("conftest.py")]
    read = set().union(*map(environment_names, [*(ROOT / "marketplace").rglob("*.py"), *tests]))
    assert {name for name in read if f"`{name}`" not in page("docs/operations.md")} == set()


def test_every_event_and_close_code_is_in_the_protocol():
    protocol = page("docs/protocol.md")
    apps = [path for app in ("markets", "bidding", "clearing") for path in (ROOT / "marketplace" / app).rglob("*.py")]
    kinds = {
        kind for path in apps for kind in re.findall(r"""["']((?:market|round|bid)\.[a-z]+)["']""", path.read_text())
    }
    codes = set(re.findall(r"\b44\d\d\b", page("marketplace/doors/socket.py")))
    assert kinds >= {"market.opened", "round.cleared", "bid.accepted"}
    assert {word for word in kinds if f"`{word}`" not in protocol} == set()
    assert codes
    assert codes == set(re.findall(r"^\| (44\d\d) \|", protocol, re.MULTILINE))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_exist(path):
    targets = set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
    named = " ".join(CODE.findall(path.read_text()))
    assert set(re.findall(r"\bmake ([a-z]+)", named)) - targets == set()
    assert set(re.findall(r"manage\.py ([a-z_]+)", named)) - set(get_commands()) == set()


def test_the_changelog_has_a_place_for_what_is_new():
    assert re.search(r"^## \[Unreleased\]$", page("CHANGELOG.md"), re.MULTILINE)


def test_decisions_are_numbered_listed_and_complete():
    records = sorted((ROOT / "docs/decisions").glob("0*.md"))
    assert len({path.name[:4] for path in records}) == len(records)
    for path in records:
        assert path.name in page("docs/decisions/README.md")
        headings = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "What would make us change it"]


def test_the_quickstart_is_thirty_lines_on_two_libraries():
    source = QUICKSTART.read_text()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {token.start[0] for token in tokens if token.type not in BLANK}
    tree = ast.parse(source)
    scopes = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.AsyncFunctionDef)]
    docstrings = {node.body[0].lineno for node in scopes if ast.get_docstring(node)}
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert len(lines - docstrings) <= 30
    assert imported == {"asyncio", "json", "sys", "httpx", "websockets"}
