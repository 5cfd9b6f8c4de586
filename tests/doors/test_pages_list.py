"""The list of markets: filters without a script, pages, and what a market of bundles says of its outcome."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.clearing.explanations import outcome_answer
from marketplace.doors.pages import listing
from marketplace.markets.models import Market
from marketplace.preferences.categories import write_category
from tests.doors.test_pages import bids, finished, page, seller
from tests.factories import buy, close_now, open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def titles(client: Client, query: str = "") -> list[str]:
    """The markets that the list shows, in its order."""
    answer = client.get(f"/{query}")
    assert answer.status_code == 200
    return re.findall(r"<bdi>([^<]+)</bdi></a>", answer.content.decode())


def test_filters_narrow_the_list_and_are_kept_in_the_form(client: Client) -> None:
    write_category(name="lamp/1", schema={"title": "A lamp", "attributes": {"hue": {"type": "text"}}})
    open_a_market(title="A lamp of brass", lots=[{"id": "a", "category": "lamp/1", "attributes": {"hue": "red"}}])
    open_a_market(title="Two rugs", mechanism="first_price")
    ended = open_a_market(title="An old lamp")
    Market.objects.filter(pk=ended.pk).update(state=Market.State.CANCELLED)
    assert titles(client, "?text=LAMP") == ["A lamp of brass", "An old lamp"]
    assert titles(client, "?text=lamp&state=cancelled") == ["An old lamp"]
    assert titles(client, "?mechanism=first_price&text=&state=") == ["Two rugs"]
    assert titles(client, "?category=lamp/1") == ["A lamp of brass"]
    assert titles(client, "?text=piano") == []
    shown = client.get("/?category=lamp/1&text=<b>").content.decode()
    assert '<option value="lamp/1" selected>A lamp</option>' in shown
    assert 'value="&lt;b&gt;"' in shown
    rows = client.get("/?text=rugs", headers={"Accept": "application/json"}).json()["markets"]
    assert [row["title"] for row in rows] == ["Two rugs"]


@pytest.mark.parametrize("query", ["?state=draft", "?mechanism=best", "?text=" + "x" * 1000, "?text=%00", "?cursor=x"])
def test_what_is_no_filter_is_said(client: Client, query: str) -> None:
    answer = client.get(f"/{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert client.get(f"/{query}", headers={"Accept": "application/json"}).json()["code"]


def test_a_draft_is_found_by_no_filter(client: Client) -> None:
    draft = open_a_market(title="Hidden one")
    Market.objects.filter(pk=draft.pk).update(state=Market.State.DRAFT, opens_at=None)
    assert titles(client, "?text=Hidden") == []
    assert client.get(f"/?cursor={draft.ref}").status_code == 400


def test_what_ended_is_shown_page_by_page_in_as_many_queries(client: Client, monkeypatch) -> None:
    for number in range(5):
        market = open_a_market(title=f"Market {number}")
        close_now(market)
        Market.objects.filter(pk=market.pk).update(state=Market.State.CANCELLED)
    with CaptureQueriesContext(connection) as many:
        assert len(titles(client)) == 5
    monkeypatch.setattr(listing, "RECENT", 2)
    seen, query = [], "?state=cancelled"
    while query:
        with CaptureQueriesContext(connection) as few:
            seen += titles(client, query)
        following = re.search(r'href="/(\?[^"]+)">Earlier ones', client.get(f"/{query}").content.decode())
        query = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"Market {number}" for number in (4, 3, 2, 1, 0)]
    assert abs(len(many) - len(few)) <= 2


def test_bundles_have_no_curves_but_bars_of_what_each_winner_gains(client: Client, swept: Callable[[], int]) -> None:
    market = open_a_market(mechanism="vcg", lots=[{"id": lot, "seller": seller()} for lot in "abc"])
    both = {"atoms": [{"bundle": {"a": 1, "b": 1}, "value": 70_00}]}
    bids(market, buy("a", 50_00), buy("b", 40_00), both)
    finished(market, swept)
    text = page(client, market)
    assert outcome_answer(market, None)["curves"] == {lot: {"demand": [], "supply": []} for lot in "abc"}
    assert 'svg class="picture"' not in text
    assert "Who wins several pays one sum for them" in text
    assert "2 of 3 lots traded" in text
    assert "Nobody bid" not in text  # of the third lot, as if there were curves
    assert "Cleared: each winner pays one sum for all that it won." in text
    assert re.findall(r'class="solid" width="([^"]+)"', text) == ["60%", "40%"]
    assert re.findall(r'class="whole" width="([^"]+)"', text) == ["100%", "80%"]
    assert "pays 30.00 EUR, gains 20.00 EUR" in text
    assert "pays 20.00 EUR, gains 20.00 EUR" in text
    assert "2 lots traded" in client.get("/").content.decode()
