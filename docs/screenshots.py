"""Make the README's picture from a running demo: `python docs/screenshots.py http://127.0.0.1:8000/`.

Give the address of the list, and the market with the most to draw is taken; or that of one market's page. Needs what
requirements-test.txt installs, and Chromium (WALRAS_CHROMIUM where it is not at /usr/bin/chromium).
"""

import argparse
import os
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).resolve().parent / "images"
CHROMIUM = os.environ.get("WALRAS_CHROMIUM", "/usr/bin/chromium")
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
AIR = 28  # pixels beneath the chart


def main() -> None:
    """Read the address, take the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="of the list of markets, or of one market's page")
    parser.add_argument("--dark", action="store_true", help="in the dark colours, as market-dark.png")
    parser.add_argument("--width", type=int, default=1280, help="of the window; 390 is a phone")
    stated = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    target = IMAGES / ("market-dark.png" if stated.dark else "market.png")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        page = browser.new_page(
            viewport={"width": stated.width, "height": 900},
            color_scheme="dark" if stated.dark else "light",
            reduced_motion="reduce",
        )
        page.goto(stated.address)
        if page.locator("article.market").count() == 0:
            page.goto(richest(page))
        take(page, target)
        print(f"{target.name} shows {page.title()}")


def richest(page: Page) -> str:
    """The address of the listed market whose curves have the most steps."""
    links = page.locator(".markets a").evaluate_all("links => links.map((link) => link.href)")
    steps = {}
    for link in links:
        page.goto(link)
        drawn = page.locator("path.line").evaluate_all("lines => lines.map((line) => line.getAttribute('d').length)")
        steps[link] = sum(drawn)
    if not any(steps.values()):
        raise SystemExit("No market there has curves to show yet.")
    return max(steps, key=lambda link: steps[link])


def take(page: Page, target: Path) -> None:
    """From the top of the page to the end of the chart."""
    page.wait_for_selector("svg.picture")
    end = page.locator("figure.chart").first.bounding_box()
    assert end is not None
    width = page.viewport_size["width"] if page.viewport_size else 1280
    clip = {"x": 0, "y": 0, "width": width, "height": end["y"] + end["height"] + AIR}
    page.screenshot(path=target, clip=clip, full_page=True)


if __name__ == "__main__":
    main()
