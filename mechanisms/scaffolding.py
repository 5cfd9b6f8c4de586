"""`python -m mechanisms new my_rule`: a package with a rule that works, and tests that pass."""

from __future__ import annotations

import re
from pathlib import Path

from mechanisms import template
from mechanisms.errors import ProblemError
from mechanisms.registry import GROUP, slugs

FILES = {
    "pyproject.toml": template.PYPROJECT,
    "README.md": template.README,
    "{slug}.py": template.RULE,
    "tests/test_{slug}.py": template.TEST,
}


def new_package(slug: str, folder: Path) -> list[Path]:
    """Write the package into `folder`/`slug`; the files written. ProblemError where name or folder are not free."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", slug):
        raise ProblemError("invalid_slug", "a rule's name is lower-case letters, digits and underscores")
    if slug in slugs():
        raise ProblemError("slug_taken", f"there is a rule {slug!r} already")
    target = folder / slug
    if target.exists():
        raise ProblemError("folder_exists", f"{target} exists; nothing was written")
    return [_write(text, target / name.format(slug=slug), slug) for name, text in FILES.items()]


def _write(text: str, path: Path, slug: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    words = {"__slug__": slug, "__package__": slug.replace("_", "-"), "__title__": slug.replace("_", " ").capitalize()}
    text = text.replace("__group__", GROUP)
    for mark, word in words.items():
        text = text.replace(mark, word)
    path.write_text(text)
    return path
