"""Plants each bug of `planted/` in a copy of the package and requires that the suite catches it.

    python tests/mechanisms/prove_planted_bugs.py [NAME ...]

Ends with status 1 where a bug is not caught, a patch no longer applies, or the unharmed copy fails.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLANTED = Path(__file__).parent / "planted"
COPIED = ("mechanisms", "tests/mechanisms", "marketplace/demo/data")
SETTINGS = """[pytest]
pythonpath = .
addopts = -m "not prove" -p no:cacheprovider -p no:django -p no:xdist -p no:asyncio
markers = prove: the full counts
filterwarnings = error
"""
# The quick files first, so that most bugs are caught within seconds.
SUITE = ("test_rules_*.py", "test_known_answers.py", "test_check_*.py", "test_run_arrays.py", "test_claims_audit.py")


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of the package and its tests, so that nobody who works in the tree meets the bug."""
    with tempfile.TemporaryDirectory() as folder:
        for part in COPIED:
            ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(ROOT / part, Path(folder, part), ignore=ignored)
        Path(folder, "pytest.ini").write_text(SETTINGS)
        yield Path(folder)


def suite_fails(folder: Path) -> str:
    """The first failing test, empty where all pass."""
    files = [str(path) for pattern in SUITE for path in sorted(Path(folder, "tests/mechanisms").glob(pattern))]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", *files], cwd=folder, capture_output=True, text=True
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"the suite could not run: {done.stdout[-500:]}{done.stderr[-500:]}")
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return "" if done.returncode == 0 else failed[0][:150]


def verdict(patch: Path) -> tuple[bool, str]:
    """Whether the planted bug was caught, and by what."""
    with copied() as folder:
        applied = subprocess.run(
            ["git", "apply", "--unsafe-paths", str(patch)], cwd=folder, capture_output=True, text=True
        )
        if applied.returncode:
            return False, f"the patch no longer applies: {applied.stderr.strip()}"
        caught = suite_fails(folder)
        return bool(caught), caught or "NOT CAUGHT"


def main(names: list[str]) -> int:
    """Try the unharmed copy, then every bug."""
    with copied() as folder:
        failing = suite_fails(folder)
    if failing:
        print(f"the unharmed copy fails: {failing}")
        return 1
    patches = [path for path in sorted(PLANTED.glob("*.patch")) if not names or path.stem in names]
    missed = 0
    for patch in patches:
        caught, words = verdict(patch)
        missed += not caught
        print(f"{'caught' if caught else 'MISSED'}  {patch.stem}: {words}", flush=True)
    print(f"planted bugs: {len(patches) - missed} of {len(patches)} caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
