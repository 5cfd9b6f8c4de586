"""The pages without a script: complete, escaped, closed to the outside, and silent about what is sealed."""

import json
import re
import time
from collections.abc import Callable

import pytest
from django.test import Client

from marketplace.core import streams
from marketplace.doors.pages import words
from marketplace.doors.pages.outcomes import AWARDS_SHOWN
from marketplace.markets.models import Market
from marketplace.markets.services import cancel_market, close_market
from tests.factories import ConfigurationFactory, Trader, buy, close_now, curve, open_a_market

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
]


def page(client: Client, market: Market) -> str:
    """The market's page as a reader without JavaScript sees it."""
    answer = client.get(f"/markets/{market.ref}/")
    assert answer.status_code == 200
    return answer.content.decode()


def seller() -> str:
    return Trader(card=None, payout=True).agent.ref


def bids(market: Market, *bodies: dict) -> None:
    """Each from an agent of its own."""
    for body in bodies:
        trader = Trader(payout=True)
        trader.join(market, 100_000_00)
        trader.bid(market, body)


def finished(market: Market, swept: Callable[[], int]) -> None:
    """Closed, cleared and settled; a server of other tests may be doing some of the work meanwhile."""
    close_now(market)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        swept()
        market.refresh_from_db()
        if market.state == Market.State.SETTLED:
            return
        time.sleep(0.1)
    raise AssertionError(f"still {market.state}")


@pytest.mark.parametrize("tail", ["", "outcome/"])
def test_a_draft_or_no_market_at_all_is_a_page_that_says_so(client: Client, tail: str) -> None:
    draft = open_a_market()
    Market.objects.filter(pk=draft.pk).update(state=Market.State.DRAFT, opens_at=None)
    for ref in (draft.ref, "mkt_none"):
        answer = client.get(f"/markets/{ref}/{tail}")
        assert answer.status_code == 404
        assert "There is no such market" in answer.content.decode()


def test_an_open_market_tells_its_terms_and_nothing_of_its_bids(client: Client) -> None:
    market = open_a_market(lots=[{"id": "room", "title": "A room", "reserve": 60_00, "seller": seller()}])
    bids(market, buy("room", 71_234_56))
    text = page(client, market)
    for told in ("A room", "60.00 EUR", market.lots.get().seller.ref, "1 agent has joined", "Open", "Vickrey"):
        assert told in text
    assert "71,234.56" not in text
    assert "7123456" not in text
    assert market.seed not in text
    assert "This is the market as it stood at" in text


def test_a_closed_market_waits_for_its_outcome(client: Client) -> None:
    market = open_a_market()
    close_now(market)
    close_market(market=market)
    text = page(client, market)
    assert "The rule is finding the outcome" in text
    assert "The bids are in" in text


def test_a_failed_clearing_is_said(client: Client) -> None:
    market = open_a_market()
    close_now(market)
    close_market(market=market)
    market.rounds.update(state="failed", failure="a reason for operators: 7123456")
    text = page(client, market)
    assert "Clearing failed" in text
    assert "7123456" not in text


def test_a_cancelled_market_says_why(client: Client) -> None:
    market = open_a_market()
    cancel_market(market=market, reason="the room burnt <down>")
    assert "Reason: the room burnt &lt;down&gt;." in page(client, market)


def test_a_cleared_exchange_shows_price_curves_table_and_who(client: Client, swept: Callable[[], int]) -> None:
    market = open_a_market(mechanism="double_auction", lots=[{"id": "seat"}], description="For the train.")
    bids(market, curve("seat", (1, 9_00), (1, 7_00)), curve("seat", (2, 4_00)), curve("seat", (-2, 3_00), (-1, 8_00)))
    finished(market, swept)
    text = page(client, market)
    price = streams.read(market.stream)[-2].payload
    stated = json.loads(price)["prices_text"]["seat"]
    assert f"<strong>{stated}</strong>" in text
    assert "2 traded, each at this price." in text
    assert text.count('class="line demand"') == text.count('class="line supply"') == 1
    assert f">{stated}</text>" in text
    rows = re.findall(r'<th scope="row">([^<]+)</th><td>(\d+)</td><td>(\d+)</td>', text)
    assert ("9.00 EUR", "1", "3") in rows
    assert ("3.00 EUR", "4", "2") in rows
    assert "buys 2" in text
    assert "sells 2" in text
    assert "All money is settled" in text


def test_many_awards_are_counted_past_the_first(client: Client, swept: Callable[[], int]) -> None:
    market = open_a_market(mechanism="double_auction", lots=[{"id": "seat"}])
    sellers = [curve("seat", (-AWARDS_SHOWN, 1_00))]
    bids(market, *sellers, *[curve("seat", (1, 5_00))] * AWARDS_SHOWN)
    finished(market, swept)
    text = page(client, market)
    assert text.count("pays 5.00 EUR") + text.count("pays ") >= AWARDS_SHOWN - 1
    assert "and 1 more." in text


def test_no_trade_says_where_both_sides_stood(client: Client, swept: Callable[[], int]) -> None:
    market = open_a_market(mechanism="double_auction", lots=[{"id": "seat"}])
    bids(market, curve("seat", (3, 4_00)), curve("seat", (-2, 5_00)))
    finished(market, swept)
    text = page(client, market)
    assert "No trade" in text
    assert "The highest bid was 4.00 EUR, the lowest offer 5.00 EUR." in text
    assert 'class="line demand"' in text
    assert "price-line" not in text


def test_a_market_without_a_bid_ends_quietly(client: Client, swept: Callable[[], int]) -> None:
    for stated in ({}, {"mechanism": "double_auction", "lots": [{"id": "seat"}]}, {"disclosure": "own_only"}):
        market = open_a_market(**stated)
        finished(market, swept)
        assert "No trade" in page(client, market)


def test_own_only_tells_the_price_and_no_more(client: Client, swept: Callable[[], int]) -> None:
    market = open_a_market(disclosure="own_only", lots=[{"id": "room", "seller": seller()}])
    bids(market, buy("room", 71_234_56), buy("room", 55_00))
    finished(market, swept)
    for address in (f"/markets/{market.ref}/", f"/markets/{market.ref}/outcome/"):
        text = client.get(address).content.decode()
        assert "55.00 EUR" in text
        assert "no curves are drawn" in text
        assert "<path class=" not in text.partition("</header>")[2]
        for sealed in ("71,234.56", "prt_", "Gains from trade", "71,179.56"):
            assert sealed not in text


def test_texts_of_others_are_escaped(client: Client) -> None:
    evil = "</script><script>alert(1)</script>{{ 7 }}"
    market = open_a_market(title=evil, description=evil, lots=[{"id": "x", "title": evil, "attributes": {evil: evil}}])
    for text in (page(client, market), client.get("/").content.decode()):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


def test_nothing_comes_from_elsewhere(client: Client, swept: Callable[[], int]) -> None:
    market = open_a_market()
    bids(market, buy("room", 71_234_56))
    for address in ("/", f"/markets/{market.ref}/", f"/markets/{market.ref}/outcome/", "/markets/none/"):
        answer = client.get(address)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        text = answer.content.decode()
        assert re.findall(r"""(?:src|href|action)=["'](?!/|#)[^"']*""", text) == []
        assert "//" not in text.replace("<!doctype", "")
        assert not re.search(r"\son\w+=|\sstyle=|<style", text)
        inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", text)
        assert all('type="application/json"' in attributes for attributes in inline)


def test_the_script_begins_where_the_page_ends(client: Client) -> None:
    market = open_a_market()
    bids(market, buy("room", 5000), buy("room", 6000))
    live = json.loads(re.search(r'<script id="live"[^>]*>(.*?)</script>', page(client, market)).group(1))
    assert live["after"] == streams.read(market.stream)[-1].seq == 3
    assert live["phase"] == "open"
    assert live["events"] == words.EVENTS


def test_the_list_shows_open_markets_first_then_how_others_ended(client: Client, swept: Callable[[], int]) -> None:
    ended = open_a_market(title="Ended one", lots=[{"id": "room", "seller": seller()}])
    bids(ended, buy("room", 71_234_56), buy("room", 55_00))
    finished(ended, swept)
    open_a_market(title="Open one")
    hidden = open_a_market(title="Hidden one")
    Market.objects.filter(pk=hidden.pk).update(state=Market.State.DRAFT, opens_at=None)
    text = client.get("/").content.decode()
    assert text.index("Open one") < text.index("Ended one")
    assert "1 at 55.00 EUR" in text
    assert "Hidden one" not in text
    assert 'href="/api/docs/"' in text
    assert 'href="/admin/"' in text


def test_pages_are_for_reading(client: Client) -> None:
    market = open_a_market()
    for address in ("/", f"/markets/{market.ref}/", f"/markets/{market.ref}/outcome/"):
        assert client.post(address).status_code == 405


def test_every_kind_of_event_has_words() -> None:
    cleared = {"status": "cleared", "prices_text": {"seat": "5.00 EUR"}, "traded": {"seat": 1234}}
    assert words.event_words("round.cleared", cleared) == "Cleared: 1,234 traded at 5.00 EUR."
    several = cleared | {"prices_text": {"seat": "5.00 EUR", "bed": "9.00 EUR"}}
    assert words.event_words("round.cleared", several) == "Cleared, lot by lot."
    whole = words.event_words("round.cleared", cleared | {"prices_text": {}})
    assert whole == "Cleared: each winner pays one sum for all that it won."
    assert words.event_words("round.cleared", cleared | {"status": "void"}) == words.NO_DEAL["void"]
    assert words.event_words("market.joined", {"participants": 1}) == "1 agent has joined."
    assert words.event_words("market.joined", {"participants": 1241}) == "1,241 agents have joined."
    assert words.event_words("market.settled", {"seconds_from_close": 2.5}).startswith("All money is settled, 2.5 ")
    assert words.event_words("market.renamed", {}) == "market renamed"


def test_a_configuration_of_every_rule_has_a_page(client: Client) -> None:
    for rule, lots in (("first_price", "a"), ("second_price", "a"), ("double_auction", "ab")):
        stated = ConfigurationFactory(mechanism=rule, lots=[{"id": lot} for lot in lots])
        assert "The rule" in page(client, open_a_market(**stated))
