"""Previews: checked as a bid is, nothing stored, slips of the decimal point noticed."""

import httpx
import pytest

from marketplace.bidding.models import Bid
from marketplace.core.models import IdempotentAnswer
from tests.doors.corpus import CORPUS
from tests.factories import Trader, buy, close_now, curve, open_a_market
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
NOT_YET = ("not_joined", "over_limit", "bid_not_found")  # what the bidder can mend is told, not refused


class Looker:
    """One trader's previews at one server."""

    def __init__(self, server: Server, trader: Trader) -> None:
        self._server, self._headers = server, {"Authorization": f"Bearer {trader.key}"}

    def post(self, market: str, body: bytes) -> httpx.Response:
        url = f"{self._server.url}/api/v1/markets/{market}/previews/"
        headers = {**self._headers, "Content-Type": "application/json"}
        return httpx.post(url, content=body, headers=headers, trust_env=False)

    def see(self, market: str, body: dict) -> dict:
        url = f"{self._server.url}/api/v1/markets/{market}/previews/"
        return httpx.post(url, json=body, headers=self._headers, trust_env=False).raise_for_status().json()


def test_a_preview_refuses_what_a_bid_is_refused_for(doors_only: Server) -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market, limit_minor=10_000)
    looker, found = Looker(doors_only, trader), []
    for case in CORPUS:
        if case.market != "open" or case.who != "trader" or case.key != "fresh":
            continue
        answer = looker.post(market.ref, case.body)
        said = answer.json()
        if case.status == 201 or case.code in NOT_YET:
            if (answer.status_code, said.get("would")) != (200, case.code or "accepted"):
                found.append((case.name, said))
        elif (said.get("code"), case.pointer and said.get("pointer")) != (case.code, case.pointer):
            found.append((case.name, said))
    assert found == []
    assert looker.post("mkt_none", b"{}").json()["code"] == "market_not_found"
    close_now(market)
    assert looker.post(market.ref, CORPUS[0].body).json()["code"] == "market_not_open"
    assert (Bid.objects.count(), IdempotentAnswer.objects.count()) == (0, 0)


def test_a_preview_says_what_the_bid_would_do_and_cost(doors_only: Server) -> None:
    market, trader = open_a_market(), Trader()
    looker = Looker(doors_only, trader)
    said = looker.see(market.ref, buy("room", 8500))
    assert (said["means"], said["would"]) == ("Buy 1 room for at most 85.00 EUR.", "not_joined")
    assert (said["limit_minor"], said["within_limit"], said["limit_needed_minor"]) == (None, None, 10_000)
    assert "participations" in said["next"]
    trader.join(market, limit_minor=7500)
    said = looker.see(market.ref, buy("room", 8500))
    assert (said["within_limit"], said["would"]) == (False, "over_limit")
    said = looker.see(market.ref, buy("room", 7500))
    assert (said["within_limit"], said["would"], said["warnings"]) == (True, "accepted", [])
    standing = trader.bid(market, buy("room", 5000)).bid.ref
    said = looker.see(market.ref, buy("room", 6000))
    assert (said["would"], said["standing"]) == ("bid_stands", standing)
    assert looker.see(market.ref, buy("room", 6000) | {"replaces": standing})["would"] == "accepted"


def test_values_that_look_like_a_slip_are_warned_of(doors_only: Server) -> None:
    trader = Trader()
    looker = Looker(doors_only, trader)
    reserved, bare = open_a_market(lots=[{"id": "room", "reserve": 5000}]), open_a_market()
    power = open_a_market(mechanism="double_auction", exponent=3)

    def pointers(market: object, body: dict) -> list[str]:
        warnings = looker.see(market.ref, body)["warnings"]
        assert all(warning["code"] == "unusual_value" for warning in warnings)
        return [warning["pointer"] for warning in warnings]

    value, price = ["/atoms/0/value"], ["/steps/0/price"]
    for amount, expected in ((100, []), (99, value), (250_000, []), (250_001, value)):
        assert pointers(reserved, buy("room", amount)) == expected, amount
    for amount, expected in ((85, value), (100, []), (0, []), (10**9, [])):
        assert pointers(bare, buy("room", amount)) == expected, amount
    assert pointers(power, curve("room", (3, 51), (2, 40))) == []  # 0.051 EUR: an exponent of 3 prices finer
    assert pointers(reserved, curve("room", (1, 50))) == price
    trader.join(bare, limit_minor=50_000)
    assert pointers(bare, buy("room", 450)) == [""]
