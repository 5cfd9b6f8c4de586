"""A new operator, with nothing but a browser: from an empty desk to a core-selecting auction cleared and settled."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page, expect

from marketplace.markets.models import Market
from tests.doors.looking import looked_at, pictured
from tests.doors.test_browser_market_page import Visitor, browser, server, visit  # noqa: F401 - fixtures
from tests.factories import Trader
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def signed_in(page: Page, url: str) -> None:
    """An operator by role, no superuser; who may see money as well."""
    operator = User.objects.create_user("op", password="a long pass phrase", is_staff=True)
    operator.groups.set(Group.objects.filter(name__in=["operator", "settlement clerk"]))
    page.goto(f"{url}/admin/")
    page.get_by_label("Username").fill("op")
    page.get_by_label("Password").fill("a long pass phrase")
    page.get_by_role("button", name="Log in").click()


def stated(page: Page) -> None:
    """The draft's form, filled in by hand."""
    page.get_by_label("Title:").first.fill("Spectrum")
    page.get_by_label("Disclosure").select_option("public")
    page.get_by_label("Reference").select_option("zero")
    closes = datetime.now(UTC) + timedelta(hours=2)
    page.locator("#id_closes_at_0").fill(closes.date().isoformat())
    page.locator("#id_closes_at_1").fill(closes.strftime("%H:%M:%S"))
    for index, name in enumerate(("north", "south")):
        if index:
            page.get_by_text("Add another Lot").click()
        page.locator(f"#id_lots-{index}-name").fill(name)


def limit_nodes(page: Page, nodes: int) -> None:
    """Write it, and let the editor take it in, which is a moment later."""
    page.get_by_label("Node limit").fill(str(nodes))
    page.get_by_label("Node limit").press("Tab")
    expect(page.locator("#id_params")).to_have_value(re.compile(f'"node_limit":{nodes}[,}}]'))


def test_from_an_empty_desk_to_a_settled_core_selecting_auction(server: Server, visit: Visitor) -> None:  # noqa: F811
    seen = visit(server, "/admin/")
    page = seen.page
    signed_in(page, server.url)
    expect(page.get_by_role("heading", name="Closing within the hour")).to_be_visible()
    looked_at(page, "desk-today")
    page.get_by_role("link", name="New market").click()
    looked_at(page, "desk-choose")
    page.get_by_role("link", name="Core-selecting", exact=True).first.click()
    expect(page.get_by_label("Node limit")).to_have_value("100000")
    stated(page)
    limit_nodes(page, 0)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Node limit: ")).to_be_visible()  # the rule itself refuses it, at its field
    pictured(page, "desk-form")
    limit_nodes(page, 5000)
    page.get_by_role("button", name="Save", exact=True).click()
    market = Market.objects.get()
    assert (market.params["reference"], market.params["node_limit"]) == ("zero", 5000)
    page.get_by_role("link", name="buttons and story").click()
    page.get_by_role("link", name="Try it").click()
    expect(page.get_by_role("link", name="VCG", exact=True)).to_be_visible()
    looked_at(page, "desk-try")
    page.go_back()
    page.get_by_text("Open now", exact=True).click()
    page.get_by_role("button", name="Open now: yes").click()
    expect(page.get_by_text("Open now: done.")).to_be_visible()
    market.refresh_from_db()
    bidders = [Trader() for _ in range(3)]
    bundles = ({"north": 1, "south": 1}, {"north": 1}, {"south": 1})
    for trader, bundle, value in zip(bidders, bundles, (1000, 800, 700), strict=True):
        trader.join(market)
        trader.bid(market, {"atoms": [{"bundle": bundle, "value": value}]})
    page.reload()
    assert page.get_by_text("Extend", exact=True).count() == 0  # agents have joined: the close is a promise
    page.get_by_text("Close early", exact=True).click()
    page.locator("details[open]").get_by_label("Reason").fill("enough bids")
    page.get_by_role("button", name="Close early: yes").click()
    settled(page, market)
    expect(page.get_by_role("heading", name="Outcome")).to_be_visible()
    assert page.get_by_role("row", name="collect").count() == 2
    expect(page.get_by_text("closed early by staff").first).to_be_visible()
    page.get_by_role("button", name="Verify its certificate again").click()
    expect(page.get_by_text("Verified again:")).to_be_visible()
    looked_at(page, "desk-market")
    page.get_by_role("link", name="Under other rules").click()
    expect(page.get_by_text("bidders would have bid otherwise")).to_be_visible()
    assert seen.outside() == []


def test_lots_come_by_the_form_of_their_category_and_by_a_sheet(server: Server, visit: Visitor) -> None:  # noqa: F811
    seen = visit(server, "/admin/")
    page = seen.page
    signed_in(page, server.url)
    page.goto(f"{server.url}/admin/markets/market/add/?mechanism=core_selecting")
    stated(page)
    page.locator("#id_lots-0-category").select_option("train-seat/1")
    page.get_by_label("duration, min").first.fill("90")
    page.get_by_label("changes").first.fill("1")
    page.get_by_label("comfort").first.fill("0")
    page.get_by_label("comfort").first.press("Tab")
    expect(page.locator("#id_lots-0-attributes")).to_have_value(re.compile('"comfort":0'))
    pictured(page, "desk-lots-form")
    page.get_by_role("button", name="Save and continue editing").click()
    market = Market.objects.get()
    assert market.lots.get(name="north").attributes == {"duration": 90, "changes": 1, "comfort": 0}
    page.get_by_role("link", name="Upload lots").click()
    head = "name,category,duration,changes,comfort"
    for cell, words in (("soon", "attributes: duration: "), ("80", "is added")):
        sheet = f"{head}\nnorth,train-seat/1,95,1,0\neast,train-seat/1,{cell},0,1\n"
        page.get_by_label("A sheet of lots").set_input_files(
            {"name": "lots.csv", "mimeType": "text/csv", "buffer": sheet.encode()}
        )
        page.get_by_role("button", name="Look at it first").click()
        expect(page.get_by_role("row", name="3 east").get_by_text(words)).to_be_visible()
        looked_at(page, f"desk-lots-{'bad' if cell == 'soon' else 'good'}")
    page.get_by_role("button", name="Take over 2 rows").click()
    expect(page.get_by_text("2 rows taken over.")).to_be_visible()
    page.get_by_role("link", name="Terms and lots").click()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("lot east made")).to_be_visible()
    looked_at(page, "desk-history")
    assert seen.outside() == []


def settled(page: Page, market: Market) -> None:
    """Wait, as an operator does, by looking again."""
    until = time.monotonic() + 60
    while Market.objects.get(pk=market.pk).state != "settled":
        assert time.monotonic() < until
        time.sleep(0.2)
    page.reload()


def test_a_counterexample_is_one_click_away(server: Server, visit: Visitor) -> None:  # noqa: F811
    page = visit(server, "/admin/").page
    signed_in(page, server.url)
    page.goto(f"{server.url}/admin/desk/rules/vcg/")
    looked_at(page, "desk-rule")
    page.get_by_role("link", name="See a counterexample, found now: More bidders, no less revenue").click()
    expect(page.get_by_text("gains").first).to_be_visible()
    pictured(page, "desk-claim")
