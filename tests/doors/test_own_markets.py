"""Agents alone: six hotels answer a traveller, two haggle, one dies; no operator acts, and the money is right."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from marketplace.agents.inbox import inbox_of
from marketplace.agents.models import ApiKey
from marketplace.clearing.models import Contract
from marketplace.core import streams
from marketplace.core.signing import verified
from marketplace.demo.place import ROOT
from marketplace.markets.models import Market
from marketplace.settlement.models import Authorisation, Obligation
from marketplace.settlement.services import balances, verify_journal
from tests.factories import Trader, close_now
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
SECRETS = (48713, 13119, 61832, 15771)  # what she would have paid: base, breakfast, both, late checkout
ISSUES = {"price": list(range(8000, 20001, 500)), "cancellation": ["free", "none"], "breakfast": ["yes", "no"]}
AGENDA = {"issues": ISSUES, "transfers": [{"issue": "price", "payer": "buyer", "payee": "seller"}]}
AGREED = {"price": 12000, "cancellation": "free", "breakfast": "yes"}


class Doors:
    """What an agent does from outside."""

    def __init__(self, server: Server, trader: Trader) -> None:
        self._url, self.trader = f"{server.url}/api/v1/", trader

    def post(self, path: str, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        return HTTP.post(self._url + path, json=body, headers=self.trader.headers(key)).json()

    def get(self, path: str) -> dict[str, Any]:
        return HTTP.get(self._url + path, headers=self.trader.headers()).json()


def hotel(server: Server) -> Doors:
    return Doors(server, Trader(card=None, payout=True))


def settled(ref: str, swept: Callable[[], int]) -> Market:
    swept()
    market = Market.objects.get(ref=ref)
    assert (market.state, verify_journal(journal=market.journal)) == ("settled", [])
    assert sum(balances(market.journal).values()) == 0
    assert not ApiKey.objects.filter(scopes__contains="operate").exists()
    return market


def test_six_hotels_answer_one_traveller_and_never_learn_what_she_would_have_paid(
    doors_only: Server, swept: Callable[[], int]
) -> None:
    ada, hotels = Doors(doors_only, Trader()), [hotel(doors_only) for _ in range(6)]
    invited = [each.trader.agent.ref for each in hotels]
    request = {"template": "request", "title": "Two nights", "currency": "EUR", "invite": invited, "closes_in_s": 600}
    made = ada.post("markets/", {**request, "lots": [{"id": "stay", "attributes": {"from": "2026-05-04"}}]}, "one")
    assert (made["state"], made["lots"][0]["buyer"]) == ("open", ada.trader.agent.ref)
    here = f"markets/{made['id']}/"
    worth = {"base": SECRETS[0], "values": {"breakfast": {"true": SECRETS[1]}, "late": {"true": SECRETS[3]}}}
    ada.post(here + "participations/", {"limit_minor": 100000})
    bid = ada.post(here + "bids/", {"worth": worth})
    assert bid["means"] == "No offer is worth more than 776.03 EUR to you; nobody who offers is told what is."
    for number, each in enumerate(hotels):
        assert [event["kind"] for event in each.get("inbox/?after=0")["events"]][-1] == "invitation.received"
        assert each.post(here + "participations/", {"limit_minor": 0})["state"] == "active"
        plain = {"id": "plain", "attributes": {"breakfast": False}, "ask": 30000 + 1000 * number}
        asked = 32000 + 1000 * number + (20000 if number == 5 else 0)
        full = {"id": "full", "attributes": {"breakfast": True, "late": number == 5}, "ask": asked}
        assert each.post(here + "bids/", {"offers": [plain, full]})["means"].startswith("Offer plain for 3")
    close_now(Market.objects.get(ref=made["id"]))
    market = settled(made["id"], swept)
    paid = 33000  # what the second best asks for the same
    kinds = [(row.kind, row.amount_minor, row.state) for row in Obligation.objects.order_by("kind")]
    assert kinds == [("collect", paid, "paid"), ("payout", paid, "paid")]
    contract = Contract.objects.get()
    assert (contract.seller, contract.participation.agent) == (hotels[0].trader.agent, ada.trader.agent)
    claims = verified(contract.document)
    assert claims["goods"][0]["attributes"] == {"from": "2026-05-04", "breakfast": True, "late": False}
    assert ada.get(here + "outcome/")["mine"]["payment"] == paid
    for each in hotels:
        told = [each.get(here + path) for path in ("", "outcome/", "events/", "bids/", "participations/")]
        told += [each.get(path) for path in ("contracts/", "settlements/", "inbox/?after=0", "me/")]
        seen = json.dumps(told) + HTTP.get(f"{doors_only.url}/markets/{made['id']}/").text
        assert not any(written(secret).search(seen) for secret in SECRETS)
    everything = [row.payload for name in named_streams(market, ada, hotels) for row in streams.read(name)]
    assert not any(written(secret).search(str(everything)) for secret in SECRETS)


def written(amount: int) -> re.Pattern[str]:
    """An amount as digits, and in words; not by chance in a hash."""
    return re.compile(rf"(?<!\w)({amount}|{re.escape(f'{amount / 100:,.2f}')})(?!\w)")


def named_streams(market: Market, *parties: Any) -> list[str]:
    every = [parties[0], *parties[1]]
    seats = [seat.stream for seat in market.participations.exclude(agent=parties[0].trader.agent)]
    return [market.stream, *seats, *(inbox_of(each.trader.agent.ref) for each in every[1:])]


def opened_haggle(hotel_doors: Doors, guest: Doors, **params: Any) -> str:
    """The hotel's agent opens it and both sit down."""
    body = {"template": "haggle", "title": "Two nights", "currency": "EUR", "side": "seller", "closes_in_s": 600}
    whom = {"invite": [guest.trader.agent.ref], "lots": [{"id": "stay"}], "agenda": AGENDA, "params": params}
    ref = hotel_doors.post("markets/", body | whom)["id"]
    hotel_doors.post(f"markets/{ref}/participations/", {"limit_minor": 0})
    return str(ref)


def test_two_agents_haggle_to_a_contract_and_settled_money(doors_only: Server, swept: Callable[[], int]) -> None:
    host, guest = hotel(doors_only), Doors(doors_only, Trader())
    ref = opened_haggle(host, guest, first="buyer", answer_s=60)
    guest.post(f"markets/{ref}/participations/", {"limit_minor": 15000})
    moves = f"markets/{ref}/moves/"
    guest.post(moves, {"type": "offer", "data": {"agreement": {**AGREED, "price": 9000}}, "n": 1})
    host.post(moves, {"type": "offer", "data": {"agreement": {**AGREED, "price": 16000, "breakfast": "no"}}, "n": 2})
    guest.post(moves, {"type": "offer", "data": {"agreement": AGREED}, "n": 3})
    assert host.post(moves, {"type": "accept", "n": 4})["turn"]["over"] is True
    settled(ref, swept)
    assert [(row.kind, row.amount_minor, row.state) for row in Obligation.objects.order_by("kind")] == [
        ("collect", 12000, "paid"),
        ("payout", 12000, "paid"),
    ]
    assert verified(Contract.objects.get().document)["agreement"] == AGREED
    assert guest.get(f"markets/{ref}/outcome/")["mine"]["agreement"] == AGREED


AGENT = """
import asyncio, sys
from marketplace.doors.client import Walras
def choose(seen):
    if seen["moves"]:
        return None  # it thinks; it will be killed while it does
    return {"type": "offer", "data": {"agreement": {"price": 9000, "cancellation": "free", "breakfast": "yes"}}}
async def main(url, key, market):
    async with Walras(url, key) as walras:
        await walras.play(market, 15000, choose)
asyncio.run(main(*sys.argv[1:]))
"""


def test_an_agent_that_is_killed_in_the_middle_loses_its_turn_and_nothing_else(
    doors_only: Server, swept: Callable[[], int]
) -> None:
    host, guest = hotel(doors_only), Doors(doors_only, Trader())
    ref = opened_haggle(host, guest, first="buyer", answer_s=2)
    command = [sys.executable, "-c", AGENT, doors_only.url, guest.trader.key, ref]
    agent = subprocess.Popen(command, cwd=ROOT)
    market = Market.objects.get(ref=ref)
    wait_for(lambda: market.moves.count() == 1)
    offer = {"type": "offer", "data": {"agreement": {**AGREED, "price": 16000}}, "n": 2}
    assert host.post(f"markets/{ref}/moves/", offer)["turn"]["over"] is False
    agent.send_signal(signal.SIGKILL)
    agent.wait()
    wait_for(lambda: swept() > 0 and market.moves.count() == 3)
    settled(ref, swept)
    last = market.moves.get(n=3)
    assert (last.type, last.participation) == ("timeout", None)
    assert host.get(f"markets/{ref}/outcome/")["status"] == "disagreement"
    assert not Obligation.objects.exists()
    assert Authorisation.objects.get(amount_minor=15000).state == "released"


def wait_for(there: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not there():
        assert time.monotonic() < until, "nothing came"
        time.sleep(0.1)
