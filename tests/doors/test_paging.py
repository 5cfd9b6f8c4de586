"""Lists: pages that miss nothing and repeat nothing, an order drawn for each agent, filters."""

from dataclasses import replace

import pytest

from marketplace.agents.keys import identify
from marketplace.doors.finding import found_markets
from tests.doors.test_rest import Caller
from tests.factories import Trader, buy, open_a_market
from tests.preferences.flights import OFFER
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def walked(caller: Caller, path: str, name: str, limit: int) -> list[str]:
    """The ids of all pages."""
    seen, cursor = [], ""
    while True:
        page = caller.get(f"{path}limit={limit}{cursor}").json()
        assert len(page[name]) <= limit
        seen += [row["id"] for row in page[name]]
        if page["next_cursor"] is None:
            return seen
        cursor = f"&cursor={page['next_cursor']}"


def test_each_agent_walks_all_markets_in_an_order_of_its_own(doors_only: Server) -> None:
    markets = {open_a_market().ref for _ in range(23)}
    orders = []
    for _ in range(3):
        caller = Caller(doors_only, Trader(card=None))
        orders.append(walked(caller, "markets/?", "markets", 5))
        assert walked(caller, "markets/?state=open&", "markets", 23) == orders[-1]
        assert len(orders[-1]) == len(set(orders[-1]))
        assert set(orders[-1]) == markets
    assert len({tuple(order) for order in orders}) == 3


def test_coming_first_is_worth_nothing() -> None:
    """Over many agents every market stands first about equally often: chi-square, 7 degrees, 1 in 10^5 by chance."""
    markets = [open_a_market().ref for _ in range(8)]
    someone = identify(Trader(card=None).key)
    agents = [replace(someone, agent_ref=f"agt_{n}") for n in range(400)]
    firsts = [found_markets({"limit": "1"}, agent)[0][0].ref for agent in agents]
    assert sum((firsts.count(ref) - 50) ** 2 / 50 for ref in markets) < 37


def test_own_rows_come_newest_first_in_pages(doors_only: Server) -> None:
    market, trader, other = open_a_market(), Trader(), Trader()
    trader.join(market, 10_000)
    other.join(market, 10_000)
    refs: list[str] = []
    for n in range(5):
        bid = buy("room", 5000 + n) | ({"replaces": refs[-1]} if refs else {})
        refs.append(trader.bid(market, bid).bid.ref)
    theirs = other.bid(market, buy("room", 100)).bid.ref
    caller = Caller(doors_only, trader)
    assert walked(caller, f"markets/{market.ref}/bids/?", "bids", 2) == refs[::-1]
    for path in (f"markets/{market.ref}/bids/", "settlements/", "webhooks/", "keys/"):
        for query, code in (
            (f"?cursor={theirs}", "cursor_unknown"),
            ("?limit=0", "out_of_range"),
            ("?limit=101", "out_of_range"),
            ("?page=2", "unknown_filter"),
        ):
            answer = caller.get(path + query)
            assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_markets_are_found_by_their_words_and_their_lots_attributes(doors_only: Server) -> None:
    lots = [{"id": "seat", "attributes": {"class": "first", "window": True, "coach": 7}}]
    flown = open_a_market(title="By air", mechanism="vcg", lots=OFFER).ref
    train = open_a_market(title="Seats to Zürich", description="The night train.", lots=lots)
    open_a_market(title="A concert", lots=[{"id": "seat", "attributes": {"class": "second"}}])
    caller = Caller(doors_only, Trader(card=None))
    for query in ("text=zürich", "text=night", "attribute=class:first", "attribute=class:first&text=seats"):
        found = caller.get(f"markets/?{query}").json()["markets"]
        assert [row["id"] for row in found] == [train.ref], query
    assert [row["id"] for row in caller.get("markets/?category=flight/1").json()["markets"]] == [flown]
    assert caller.get("markets/?category=flight/2").json()["markets"] == []
    assert caller.get("markets/?attribute=class:third").json()["markets"] == []
    for query in ("attribute=class", "attribute=a__b:1", "text=", "text=" + "x" * 121, "attribute=:1", "text=%00"):
        answer = caller.get(f"markets/?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_filter_value"), query
