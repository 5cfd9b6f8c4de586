"""How a page is looked at in a browser: by axe-core, by day and by night, at the width that the window has."""

import os
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SHOTS = os.environ.get("WALRAS_SHOTS", "")
NIGHT = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}  # nothing but colours differs
RULES: dict[Literal["light", "dark"], dict[str, Any] | None] = {"light": None, "dark": NIGHT}


def looked_at(page: Page, name: str) -> None:
    """axe-core finds nothing to mend, by day and by night; nothing runs over the edge, the tabs stand in one row."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert page.evaluate("new Set([...document.querySelectorAll('.tabs a')].map((tab) => tab.offsetTop)).size") <= 1
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # what still appears is pale
        found = Axe().run(page, options=rules)
        assert found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
        pictured(page, f"{name}-{scheme}")


def pictured(page: Page, name: str) -> None:
    """A picture to look at, where somebody wants it."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)
