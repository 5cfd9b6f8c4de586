"""Contracts: signed, accepted or refused in time, cancelled under the market's terms; over real HTTP to the sandbox."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from marketplace.clearing.models import Contract
from marketplace.core import clock, sweeps
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market, Round
from marketplace.settlement import gateway
from marketplace.settlement.models import Authorisation, Obligation
from marketplace.settlement.services import balances
from mechanisms.check.packages import verify_package
from tests.factories import Trader, buy, close_now, open_a_market
from tests.stripe_over_http import stripe_over_http  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.usefixtures("stripe_over_http"),
]
API = "/api/v1/"
ROOT = Path(__file__).resolve().parents[2]
TERMS = [{"within_s": 3600, "refund_percent": 100}, {"within_s": 86400, "refund_percent": 40}]


class Trip:
    """A flight and a hotel of two sellers, and two travellers who want both."""

    def __init__(self, client, **stated: object) -> None:
        self.client = client
        self.airline, self.hotel = (Trader(card=None, payout=True) for _ in range(2))
        self.buyer, self.rival = Trader(), Trader()
        lots = [
            {"id": "flight", "seller": self.airline.agent.ref, "reserve": 100_00, "attributes": {"seat": "12A"}},
            {"id": "hotel", "seller": self.hotel.agent.ref, "reserve": 50_00},
        ]
        self.market = open_a_market(mechanism="vcg", lots=lots, disclosure="public", **stated)
        self.bids = ((self.buyer, 300_00), (self.rival, 210_00))

    def cleared(self) -> "Trip":
        for trader, value in self.bids:
            trader.join(self.market, 500_00)
            trader.bid(self.market, {"atoms": [{"bundle": {"flight": 1, "hotel": 1}, "value": value}]})
        close_now(self.market)
        return self.swept()

    def swept(self) -> "Trip":
        for _ in range(6):
            sweeps.run_due()
        self.market.refresh_from_db()
        return self

    def of(self, seller: Trader) -> Contract:
        return Contract.objects.filter(seller=seller.agent).latest("pk")

    def answer(self, seller: Trader, answer: str, contract: Contract | None = None):
        path = f"{API}contracts/{(contract or self.of(seller)).ref}/answers/"
        return self.post(seller, path, {"answer": answer})

    def cancel(self, trader: Trader, contract: Contract):
        return self.post(trader, f"{API}contracts/{contract.ref}/cancellations/", {})

    def post(self, trader: Trader, path: str, body: dict):
        return self.client.post(path, json.dumps(body), content_type="application/json", headers=trader.headers())

    def listed(self, trader: Trader) -> list[dict]:
        return self.client.get(f"{API}contracts/", headers=trader.headers()).json()["contracts"]

    def told(self, trader: Trader) -> list[str]:
        events = self.client.get(f"{API}inbox/", headers=trader.headers()).json()["events"]
        return [event["kind"] for event in events if event["kind"].startswith("contract.")]

    def has(self, seller: Trader) -> int:
        return balances(self.market.journal).get(f"payee:{seller.agent.principal.ref}", 0)

    def paid_back(self) -> int:
        found = gateway.call(lambda c: c.v1.refunds.list({"limit": 100})).object["data"]
        return sum(each["amount"] for each in found)


def test_a_flight_and_a_hotel_of_two_sellers_are_won_as_one_bundle_and_bind_at_once(client):
    trip = Trip(client).cleared()
    assert trip.market.state == "settled"
    assert (trip.has(trip.airline) + trip.has(trip.hotel)) == 210_00
    rows = trip.listed(trip.buyer)
    assert [row["state"] for row in rows] == ["accepted", "accepted"]
    assert sum(row["amount_minor"] for row in rows) == 210_00
    assert {row["claims"]["seller"]["agent"] for row in rows} == {trip.airline.agent.ref, trip.hotel.agent.ref}
    assert trip.told(trip.buyer) == ["contract.accepted"] * 2
    assert trip.listed(trip.rival) == []


def test_a_contract_is_verified_without_us(client, tmp_path):
    trip = Trip(client, cancellation=TERMS).cleared()
    document = trip.listed(trip.buyer)[0]["document"]
    keys = client.get("/.well-known/jwks.json").json()
    file, key_file = tmp_path / "contract.jws", tmp_path / "jwks.json"
    file.write_text(document)
    key_file.write_text(json.dumps(keys))
    command = [sys.executable, str(ROOT / "docs/verify_contract.py"), str(key_file), str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    claims = json.loads(said)
    assert claims["cancellation"] == TERMS
    assert claims["receipts"]["root"] == trip.market.receipts_root
    assert {claims["market"], claims["round"]} == {trip.market.ref, Round.objects.get().ref}
    head, body, signature = document.split(".")
    file.write_text(".".join((head, body[:-2] + ("AA" if body[-2:] != "AA" else "BB"), signature)))
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode != 0


def test_a_forged_contract_is_refused_by_name(client):
    trip = Trip(client).cleared()
    genuine = trip.listed(trip.buyer)[0]["document"]
    mine = jwt.encode({"jti": "ctr_x"}, "a secret of the forger's own, long enough", algorithm="HS256")
    forged = [mine, genuine[:-4] + "AAAA", "x.y.z", jwt.encode({"jti": "ctr_x"}, None, algorithm="none")]
    for document in forged:
        refused = trip.post(trip.buyer, f"{API}contracts/checks/", {"document": document})
        assert (refused.status_code, refused.json()["code"]) == (422, "contract_forged")
    assert trip.post(trip.buyer, f"{API}contracts/checks/", {"document": genuine}).status_code == 200


def test_nothing_is_collected_before_both_sellers_accept(client):
    trip = Trip(client, accept_within_s=600).cleared()
    assert (trip.market.state, Obligation.objects.count()) == ("closed", 0)
    assert set(Authorisation.objects.values_list("state", flat=True)) == {"authorised"}
    assert trip.told(trip.airline) == ["contract.offered"]
    assert trip.answer(trip.airline, "accept").json()["state"] == "accepted"
    trip.swept()
    assert Obligation.objects.count() == 0
    assert trip.answer(trip.hotel, "accept").status_code == 200
    again = trip.answer(trip.hotel, "accept")
    assert (again.status_code, again.json()["acceptance"] is not None) == (200, True)
    trip.swept()
    assert (trip.market.state, trip.has(trip.airline) + trip.has(trip.hotel)) == ("settled", 210_00)
    late = trip.answer(trip.hotel, "refuse")
    assert (late.status_code, late.json()["code"]) == (409, "contract_answered")


def test_a_refusal_leads_to_a_new_round_without_the_sellers_lots(client):
    trip = Trip(client, accept_within_s=600)
    third = Trader()
    third.join(trip.market, 500_00)
    third.bid(trip.market, buy("flight", 120_00))
    trip.cleared()
    assert trip.answer(trip.hotel, "refuse").json()["state"] == "refused"
    trip.swept()
    first, second = Round.objects.order_by("n")
    assert (first.state, second.state, second.without_lots) == ("superseded", "cleared", ["hotel"])
    assert Obligation.objects.count() == 0
    assert trip.of(trip.airline).participation.agent == third.agent
    assert Contract.objects.filter(round=first, seller=trip.airline.agent).get().state == "superseded"
    assert trip.answer(trip.airline, "accept").status_code == 200
    trip.swept()
    assert (trip.market.state, trip.has(trip.airline), trip.has(trip.hotel)) == ("settled", 100_00, 0)
    package = client.get(f"{API}markets/{trip.market.ref}/package/", headers=third.headers()).json()
    assert verify_package(package) == []


def test_silence_is_a_refusal_and_with_nothing_left_the_market_is_cancelled(client):
    seller, buyer = Trader(card=None, payout=True), Trader()
    lots = [{"id": "room", "seller": seller.agent.ref, "reserve": 30_00}]
    market = open_a_market(lots=lots, accept_within_s=600)
    buyer.join(market)
    buyer.bid(market, buy("room", 50_00))
    close_now(market)
    for _ in range(3):
        sweeps.run_due()
    contract = Contract.objects.get()
    Contract.objects.update(answer_by=clock.now() - timedelta(seconds=1))
    trip = Trip(client)
    expired = trip.answer(seller, "accept", contract)
    assert (expired.status_code, expired.json()["code"]) == (409, "contract_expired")
    for _ in range(4):
        sweeps.run_due()
    contract.refresh_from_db()
    market.refresh_from_db()
    assert (contract.state, market.state) == ("lapsed", "cancelled")
    assert set(Authorisation.objects.filter(journal=market.journal).values_list("state", flat=True)) == {"released"}
    assert "contract.lapsed" in trip.told(buyer)


def test_who_may_answer_and_what(client):
    trip = Trip(client, accept_within_s=600).cleared()
    contract = trip.of(trip.hotel)
    for trader, answer, code in (
        (trip.buyer, "accept", "not_the_seller"),
        (trip.airline, "accept", "contract_not_found"),
        (trip.hotel, "perhaps", "answer_unknown"),
    ):
        assert trip.answer(trader, answer, contract).json()["code"] == code
    assert trip.cancel(trip.buyer, contract).json()["code"] == "contract_not_cancellable"


def test_a_cancelled_contract_is_refunded_in_full_then_in_part_then_not_at_all(client):
    trip = Trip(client, cancellation=TERMS).cleared()
    flight, hotel = trip.of(trip.airline), trip.of(trip.hotel)
    before = trip.has(trip.hotel)
    done = trip.cancel(trip.buyer, flight)
    assert (done.status_code, done.json()["state"]) == (200, "cancelled")
    assert done.json()["refund_minor"] == flight.amount_minor
    trip.swept()
    assert (trip.has(trip.airline), trip.has(trip.hotel)) == (0, before)
    Contract.objects.filter(pk=hotel.pk).update(answered_at=clock.now() - timedelta(hours=2))
    assert trip.cancel(trip.buyer, hotel).json()["refund_minor"] == hotel.amount_minor * 40 // 100
    assert trip.cancel(trip.buyer, hotel).json()["refund_minor"] == hotel.amount_minor * 40 // 100
    trip.swept()
    assert trip.paid_back() == flight.amount_minor + hotel.amount_minor * 40 // 100
    assert trip.told(trip.hotel)[-1] == "contract.cancelled"


def test_terms_that_are_over_give_nothing_back_but_a_seller_gives_all(client):
    trip = Trip(client, cancellation=TERMS).cleared()
    hotel = trip.of(trip.hotel)
    Contract.objects.filter(pk=hotel.pk).update(answered_at=clock.now() - timedelta(days=3))
    assert trip.cancel(trip.buyer, hotel).json()["code"] == "contract_not_cancellable"
    assert trip.cancel(trip.hotel, hotel).json()["refund_minor"] == hotel.amount_minor
    trip.swept()
    assert (trip.has(trip.hotel), trip.paid_back()) == (0, hotel.amount_minor)


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"accept_within_s": 3 * 24 * 3600}, "acceptance_out_of_bounds"),
        ({"accept_within_s": -1}, "acceptance_out_of_bounds"),
        ({"cancellation": [{"within_s": 0, "refund_percent": 50}]}, "cancellation_invalid"),
        ({"cancellation": [{"within_s": 10, "refund_percent": 101}]}, "cancellation_invalid"),
        ({"closes_in_s": 6 * 24 * 3600, "accept_within_s": 3600}, "closing_out_of_bounds"),
    ],
)
def test_terms_of_contracts_that_do_not_fit(stated, code):
    with pytest.raises(Refusal) as refused:
        open_a_market(**stated)
    assert refused.value.code == code


def test_a_round_that_was_not_paid_leaves_no_contract_that_binds(client):
    seller, broke, good = Trader(card=None, payout=True), Trader(card="pm_card_chargeCustomerFail"), Trader()
    lots = [{"id": "room", "seller": seller.agent.ref, "reserve": 10_00}]
    market = open_a_market(lots=lots, money="charge")
    for trader, value in ((broke, 90_00), (good, 80_00)):
        trader.join(market)
        trader.bid(market, buy("room", value))
    close_now(market)
    for _ in range(8):
        sweeps.run_due()
    states = {row.participation.agent_id: row.state for row in Contract.objects.all()}
    assert states == {broke.agent.pk: "superseded", good.agent.pk: "accepted"}
    assert Market.objects.get().state == "settled"
