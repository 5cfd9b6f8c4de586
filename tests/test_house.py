"""The house style, held: sizes, return types, names, one direction of imports."""

import ast
import statistics
import subprocess
import sys
from functools import cache
from pathlib import Path

from marketplace.demo.place import ROOT

LONGEST_FILE, LONGEST_FUNCTION, SHARE_WITHIN, MEDIAN = 250, 70, 0.97, 10
LONGER = {"marketplace/doors/client.py": 300}  # handed out as one file, so it cannot be split
FORBIDDEN = ("utils.py", "helpers.py", "signals.py")


@cache
def sources() -> dict[Path, ast.Module]:
    """The product's modules, migrations left out."""
    paths = [path for top in ("mechanisms", "marketplace") for path in (ROOT / top).rglob("*.py")]
    return {path: ast.parse(path.read_text()) for path in paths if "migrations" not in path.parts}


@cache
def functions() -> list[tuple[int, str, bool]]:
    """(lines, where, has a return type) of every function."""
    return [
        (node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno}", node.returns is not None)
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_files_are_short() -> None:
    sizes = {path.relative_to(ROOT).as_posix(): path.read_text().count("\n") for path in sources()}
    assert {path: n for path, n in sizes.items() if n > LONGER.get(path, LONGEST_FILE)} == {}


def test_functions_are_short() -> None:
    sizes = [size for size, _, _ in functions()]
    assert statistics.median(sizes) <= MEDIAN
    assert sum(size <= LONGEST_FUNCTION for size in sizes) / len(sizes) >= SHARE_WITHIN


def test_every_function_says_what_it_returns() -> None:
    assert [where for _, where, typed in functions() if not typed] == []


def test_every_module_opens_with_a_sentence() -> None:
    bare = [
        str(path.relative_to(ROOT))
        for path, tree in sources().items()
        if tree.body and not (ast.get_docstring(tree) or "").strip()
    ]
    assert bare == []


def test_no_room_without_a_name() -> None:
    assert [path for path in sources() if path.name in FORBIDDEN] == []


def test_imports_run_one_way() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_mechanisms_run_without_django() -> None:
    code = (
        "import sys, mechanisms; sys.exit(any(n in sys.modules for n in ('django', 'marketplace', 'cvxpy', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_every_folder_of_code_is_a_package() -> None:
    """A folder without __init__.py runs from a checkout and is left out of what is installed."""
    assert sorted({str(p.parent) for p in sources() if not (p.parent / "__init__.py").exists()}) == []
