"""The market page in a real browser before a real server: it lives, it stays at home, it bears a lost connection."""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from marketplace.core import streams
from marketplace.markets.models import Market
from tests.doors.looking import looked_at
from tests.factories import Trader, buy, close_now, curve, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
CHROMIUM = Path(os.environ.get("WALRAS_CHROMIUM", "/usr/bin/chromium"))
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
QUIETER = "--disable-component-update --disable-sync"
PATIENCE = 60_000  # milliseconds; a laden machine takes its time
expect.set_options(timeout=PATIENCE)
MIDDLES = """() => {
  const middle = (place) => { const box = place.getBoundingClientRect(); return box.top + box.height / 2; };
  const find = (name) => document.querySelector("svg.picture " + name);
  const money = [...document.querySelectorAll("svg.picture .money")];
  return {
    money: money.map((label) => [label.textContent, middle(label)]),
    line: middle(find(".price-line")),
    dot: middle(find("circle")),
  };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, where there is one; CI insists on it."""
    if not CHROMIUM.exists():
        if os.environ.get("WALRAS_REQUIRE_CHROMIUM") == "1":
            pytest.fail(f"needs Chromium: nothing at {CHROMIUM}")
        pytest.skip("needs Chromium")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as driver:
        # Playwright keeps an event loop in this thread, so Django takes our plain queries for ones in a coroutine.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = driver.chromium.launch(executable_path=CHROMIUM, args=f"{QUIET} {QUIETER}".split())
        yield started
        started.close()


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A whole server of this module's own: it does background work in the tests' database, so it ends with them."""
    whole = Server(sweeps=True, log=tmp_path_factory.mktemp("pages") / "server.log")
    yield whole
    whole.stop()


@dataclass
class Visit:
    """A page with all that it asked for and all that it complained of."""

    page: Page
    home: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def outside(self) -> list[str]:
        """What was asked of anybody but our own server."""
        home = self.home.removeprefix("http")
        return [url for url in self.asked if not url.startswith((f"http{home}/", f"ws{home}/"))]


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitor]:
    """Open an address in a window of its own."""
    contexts = []

    def go(server: Server, path: str, **options: object) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        visited = Visit(context.new_page(), server.url)
        visited.page.goto(server.url + path)
        return visited

    yield go
    for context in contexts:
        context.close()


def trading(market: Market, *bodies: dict) -> None:
    """Each from an agent of its own."""
    for body in bodies:
        trader = Trader(payout=True)
        trader.join(market, 100_00)
        trader.bid(market, body)


def exchange() -> Market:
    """An open exchange with one seller."""
    market = open_a_market(title="Seats on the evening train", mechanism="double_auction", lots=[{"id": "seat"}])
    trading(market, curve("seat", (-2, 3_00), (-1, 5_00), (-1, 8_00)))
    return market


BUYERS = (curve("seat", (1, 9_00)), curve("seat", (1, 7_50)), curve("seat", (1, 6_00)), curve("seat", (1, 2_00)))


def test_a_market_closes_and_clears_before_ones_eyes(server: Server, visit: Visitor) -> None:
    market = exchange()
    seen = visit(server, f"/markets/{market.ref}/")
    page = seen.page
    expect(page.locator("#phase")).to_have_text("Open")
    expect(page.locator("#clock-label")).to_have_text("Closes in")
    page.evaluate("window.neverReloaded = true")

    trading(market, *BUYERS)
    expect(page.locator(".sealed [data-participants]")).to_have_text("5")
    expect(page.locator("#events li").first).to_contain_text("5 agents have joined.")
    expect(page.locator("svg.picture")).to_have_count(0)

    close_now(market)
    expect(page.locator("article.market")).to_have_attribute("data-phase", "settled")
    cleared = next(event for event in streams.read(market.stream) if event.kind == "round.cleared")
    assert '"seat":"5.50 EUR"' in cleared.payload
    expect(page.locator(".price strong")).to_have_text("5.50 EUR")
    expect(page.locator("svg.picture .price-words")).to_have_text("5.50 EUR")
    expect(page.locator("svg.picture .quantity-words")).to_have_text("3 traded")
    expect(page.locator("path.line")).to_have_count(2)
    expect(page.locator(".steps .here")).to_have_text("Settled")
    expect(page.locator("#events li").first).to_contain_text("All money is settled")
    expect(page.locator("#still")).to_be_hidden()
    told = page.locator("#events li").all_inner_texts()
    page.reload()
    assert page.evaluate("window.neverReloaded") is None
    assert page.locator("#events li").all_inner_texts() == told  # the script and the server say the same
    page.get_by_text("The report, with charts").click()
    expect(page.get_by_role("heading", name="Surplus split")).to_be_visible()
    expect(page.locator("figure > svg")).to_have_count(3)
    assert page.evaluate("getComputedStyle(document.body).maxWidth") == "864px"  # its policy lets its own style in
    assert seen.outside() == []
    assert seen.complaints == []


def test_the_price_line_is_drawn_at_the_price(server: Server, visit: Visitor) -> None:
    market = exchange()
    trading(market, *BUYERS)
    close_now(market)
    seen = visit(server, f"/markets/{market.ref}/", viewport={"width": 390, "height": 844})
    expect(seen.page.locator("article.market")).to_have_attribute("data-phase", "settled")
    expect(seen.page.locator("svg.picture .price-line")).to_have_count(1)
    middles = seen.page.evaluate(MIDDLES)
    ticks = {float(label): place for label, place in middles["money"]}
    low, high = min(ticks), max(ticks)
    expected = ticks[low] + (ticks[high] - ticks[low]) * (5.5 - low) / (high - low)
    assert abs(middles["line"] - expected) < 2
    assert abs(middles["dot"] - expected) < 2
    assert seen.complaints == []


def test_a_lost_connection_is_said_and_nothing_is_missed(visit: Visitor, tmp_path: Path, django_db_setup: None) -> None:
    server = Server(sweeps=False, log=tmp_path / "server.log")
    try:
        market = exchange()
        page = visit(server, f"/markets/{market.ref}/").page
        expect(page.locator(".sealed [data-participants]")).to_have_text("1")
        server.kill()
        expect(page.locator("#banner")).to_be_visible()
        expect(page.locator("#banner-words")).to_contain_text("Trying again in")
        trading(market, *BUYERS)
        server.start()
        page.locator("#again").dispatch_event("click")  # it may have come back by itself a moment ago
        expect(page.locator("#banner")).to_be_hidden()
        expect(page.locator(".sealed [data-participants]")).to_have_text("5")
        expect(page.locator("#events li")).to_have_count(2)  # joins are told as one running count
    finally:
        server.stop()


def test_without_a_script_the_page_is_whole(server: Server, visit: Visitor) -> None:
    market = open_a_market(lots=[{"id": "room", "seller": Trader(card=None, payout=True).agent.ref}])
    trading(market, buy("room", 60_00), buy("room", 45_00))
    close_now(market)
    live = visit(server, f"/markets/{market.ref}/").page
    expect(live.locator("article.market")).to_have_attribute("data-phase", "settled")
    seen = visit(server, f"/markets/{market.ref}/", java_script_enabled=False)
    expect(seen.page.locator(".price strong")).to_have_text("45.00 EUR")
    expect(seen.page.locator("svg.picture .price-words")).to_have_text("45.00 EUR")
    expect(seen.page.locator("#clock")).to_contain_text("UTC")
    expect(seen.page.get_by_text("This is the market as it stood at")).to_be_visible()
    assert seen.outside() == []


def bundles() -> Market:
    """Two lots and three bidders, one of whom wants both."""
    sellers = [Trader(card=None, payout=True).agent.ref for _ in range(2)]
    lots = [{"id": lot, "title": f"Slot {lot}", "seller": who} for lot, who in zip("ab", sellers, strict=True)]
    market = open_a_market(title="Two landing slots", mechanism="vcg", lots=lots)
    both = {"atoms": [{"bundle": {"a": 1, "b": 1}, "value": 70_00}]}
    trading(market, buy("a", 50_00), buy("b", 40_00), both)
    return market


def test_every_page_by_day_and_by_night_at_three_widths(server: Server, visit: Visitor) -> None:
    seats, slots, opened = exchange(), bundles(), exchange()
    trading(seats, *BUYERS)
    for market in (seats, slots):
        close_now(market)
    seen = visit(server, "/")
    page = seen.page
    for market in (seats, slots):
        page.goto(f"{server.url}/markets/{market.ref}/")
        expect(page.locator("article.market")).to_have_attribute("data-phase", "settled")
    expect(page.locator(".bars li")).to_have_count(2)
    expect(page.get_by_text("pays 20.00 EUR, gains 20.00 EUR")).to_be_visible()
    shown = {"list": "/", "none": "/?text=zzz", "refused": "/?state=zzz", "missing": "/markets/mkt_none/"}
    shown |= {"seats": f"/markets/{seats.ref}/", "slots": f"/markets/{slots.ref}/", "open": f"/markets/{opened.ref}/"}
    for name, address in shown.items():
        page.goto(server.url + address)
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            looked_at(page, f"{name}-{width}")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert int(paper.removeprefix("rgb(").split(",")[0]) < 128  # it was left by night
    assert seen.outside() == []
    assert [words for words in seen.complaints if "40" not in words] == []  # what is not there is said to be so


def test_the_list_is_searched_by_keyboard(server: Server, visit: Visitor) -> None:
    open_a_market(title="A lamp of brass")
    open_a_market(title="A rug")
    page = visit(server, "/", java_script_enabled=False).page
    page.get_by_label("Words").focus()
    page.keyboard.type("brass")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="A lamp of brass")).to_be_visible()
    expect(page.get_by_role("link", name="A rug")).to_have_count(0)
    page.get_by_role("link", name="All markets").click()
    expect(page.get_by_role("link", name="A rug")).to_be_visible()


def test_a_market_that_is_not_there_is_not_dialled(server: Server, visit: Visitor) -> None:
    seen = visit(server, f"/markets/mkt_{uuid.uuid4().hex[:20]}/")
    expect(seen.page.get_by_role("heading", name="There is no such market")).to_be_visible()
    assert [url for url in seen.asked if url.startswith("ws")] == []
