"""Make the README's pictures: `make pictures` plays the demo in a place of its own, looks at its pages, and ends.

`market.png`: the outcome of an exchange, as on a desk. `phones.png`: an outcome over bundles, the list by night, and a
question that an agent puts to its person. Needs what requirements-test.txt installs, and Chromium (WALRAS_CHROMIUM
where it is not at /usr/bin/chromium).
"""

import asyncio
import base64
import os
import sys
import uuid
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from marketplace.demo.client import JSON, Doors  # noqa: E402
from marketplace.demo.place import Place  # noqa: E402
from marketplace.demo.play import play  # noqa: E402
from marketplace.demo.scenes import SCENES  # noqa: E402

IMAGES = ROOT / "docs" / "images"
CHROMIUM = os.environ.get("WALRAS_CHROMIUM", "/usr/bin/chromium")
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
AIR = 28  # pixels beneath the chart
PHONE = {"width": 390, "height": 844}
CHAIR = {
    "title": "One reading chair",
    "mechanism": "second_price",
    "currency": "EUR",
    "disclosure": "pseudonymous",
    "closes_in_s": 900,
}
STRIP = "<body style='margin:0;padding:16px;display:flex;gap:16px;background:#8a8478'>{}</body>"
SHOWN = "<img style='border-radius:18px' src='data:image/png;base64,{}'>"


async def played(place: Place) -> dict[str, str]:
    """The pages of two scenes that have settled, and of a market that is open, by name."""
    operator, doors = place.start(), Doors(place.url)
    try:
        pages = {}
        for name in ("upgrade", "trip"):
            scene = SCENES[name]()[0]
            pages[name] = (await play(doors, operator, scene)).market["id"]
        seller = await doors.register(operator, "joiner", kind="firm")
        await doors.onboard(seller)
        lot: JSON = {"id": "chair", "title": "A reading chair, oak, as good as new", "seller": seller.ref}
        pages["chair"] = (await doors.post(operator, "markets/", {**CHAIR, "lots": [lot]}))["id"]
        return pages
    finally:
        await doors.close()


def main() -> None:
    """Play, look, write the pictures."""
    IMAGES.mkdir(exist_ok=True)
    place = Place(0)
    try:
        pages = asyncio.run(played(place))
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
            on_a_desk(browser, f"{place.url}/markets/{pages['upgrade']}/")
            on_phones(browser, place.url, pages)
    finally:
        place.stop()


def on_a_desk(browser: Browser, address: str) -> None:
    """From the top of the page to the end of the chart."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page.goto(address)
    page.wait_for_selector("svg.picture")
    end = page.locator("figure.chart").first.bounding_box()
    assert end is not None
    clip = {"x": 0, "y": 0, "width": 1280, "height": end["y"] + end["height"] + AIR}
    page.screenshot(path=IMAGES / "market.png", clip=clip, full_page=True)
    print(f"market.png shows {page.title()}")


def on_phones(browser: Browser, home: str, pages: dict[str, str]) -> None:
    """Three screens beside each other, the middle one by night."""
    outcome = phone(browser, f"{home}/markets/{pages['trip']}/", "light")
    outcome.locator(".result").evaluate("place => place.scrollIntoView()")
    shots = [
        outcome.screenshot(),
        phone(browser, f"{home}/?state=settled", "dark").screenshot(),
        asked(browser, home, pages["chair"]).screenshot(),
    ]
    strip = browser.new_page(viewport={"width": 3 * (PHONE["width"] + 16) + 16, "height": PHONE["height"] + 32})
    strip.set_content(STRIP.format("".join(SHOWN.format(base64.b64encode(shot).decode()) for shot in shots)))
    strip.screenshot(path=IMAGES / "phones.png")
    print("phones.png shows an outcome, the list, and a question")


def phone(browser: Browser, address: str, scheme: str) -> Page:
    """A page on a phone."""
    page = browser.new_page(viewport=PHONE, color_scheme=scheme, reduced_motion="reduce")
    page.goto(address)
    return page


def asked(browser: Browser, home: str, market: str) -> Page:
    """A person signs up and makes an agent, which wants to join and must ask."""
    page = phone(browser, f"{home}/accounts/signup/?next=/me/", "light")
    page.get_by_label("Email").fill("ada@example.org")
    for field in ("#id_password1", "#id_password2"):
        page.locator(field).fill("a long pass phrase")
    page.get_by_role("button", name="Sign Up").click()
    page.get_by_label("What is your agent called?").fill("Scout")
    page.get_by_label("Your time zone").select_option("Europe/Amsterdam")
    page.get_by_role("button", name="Make the agent").click()
    headers = {"Authorization": f"Bearer {page.locator('.key-shown code').inner_text()}"}
    join = f"{home}/api/v1/markets/{market}/participations/"
    with httpx.Client(trust_env=False, headers=headers | {"Idempotency-Key": str(uuid.uuid4())}) as http:
        waiting = http.post(join, json={"limit_minor": 20000}).json()
    page.goto(f"{home}/me/asks/{waiting['checkin']}/")
    return page


if __name__ == "__main__":
    main()
