"""Stories of money from a market's close to its last cent: over real HTTP to the sandbox, books proven after each."""

import json

import httpx
import pytest
from django.core.management import call_command

from marketplace.core import sweeps
from marketplace.settlement import gateway
from marketplace.settlement.models import Attempt, Obligation, PayoutAccount, Task
from marketplace.settlement.reconciliation import sweep_books
from marketplace.settlement.services import balances, onboarding_page
from marketplace.stripe_sandbox.objects.event import Event
from tests.factories import Trader, buy, close_now, curve, open_a_market
from tests.onboarding import send_form
from tests.settlement.world import post_event
from tests.stripe_over_http import stripe_over_http  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.usefixtures("stripe_over_http"),
]
API = "/api/v1/"
ASKS = "4000002500003155"  # the bank wants the person, once


def sold(seller: Trader, *bids: tuple[Trader, int], limit: int = 100_00, **stated: object):
    """A room's market that everybody has joined and bid in, just closed."""
    market = open_a_market(lots=[{"id": "room", "seller": seller.agent.ref}], **stated)
    for trader, value in bids:
        trader.join(market, limit)
        trader.bid(market, buy("room", value))
    close_now(market)
    return market


def swept(market, times: int = 6):
    for _ in range(times):
        sweeps.run_due()
    market.refresh_from_db()
    return market


def got(market, seller: Trader) -> int:
    return balances(market.journal).get(f"payee:{seller.agent.principal.ref}", 0)


def judged(seller: Trader, outcome: str) -> None:
    """Stripe thinks again of a seller."""
    account = PayoutAccount.objects.get(principal=seller.agent.principal)
    assert send_form(onboarding_page(account=account), outcome=outcome)[0] == 303


def platform_has(amount: int) -> None:
    """Money of its own, beside that of its markets."""
    own = {"amount": amount, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    own["automatic_payment_methods"] = {"enabled": True, "allow_redirects": "never"}
    gateway.call(lambda client: client.v1.payment_intents.create(own))


def tell_events(kind: str) -> None:
    """Stripe's webhooks of one kind arrive, the newest at last."""
    for event in Event.objects.filter(type=kind).order_by("pk"):
        assert post_event(event) == 200


def look_again(market) -> None:
    """The next comparison of the books, and what follows from it; no webhook has come."""
    type(market.journal.reconciliation).objects.update(due_at="2000-01-01T00:00:00Z")
    sweep_books()
    swept(market)


@pytest.mark.parametrize("webhooks", [True, False], ids=["told", "untold"])
def test_a_seller_loses_enablement_between_close_and_payout(webhooks):
    seller, buyer, rival = Trader(card=None, payout=True), Trader(), Trader()
    market = sold(seller, (buyer, 90_00), (rival, 60_00))
    judged(seller, "more")
    if webhooks:
        tell_events("account.updated")
    swept(market)
    payout = Obligation.objects.get(kind="payout")
    assert (market.state, payout.state, got(market, seller)) == ("settled", "held_for_seller", 0)
    assert balances(market.journal)[market.journal.name] == 60_00
    assert Task.objects.filter(code="held_for_seller", subject=payout.ref, closed_at=None).exists()
    if not webhooks:
        assert "transfers" in payout.last_error or "capabilit" in payout.last_error  # Stripe itself said no
        look_again(market)
        payout.refresh_from_db()
        assert payout.state == "held_for_seller"
        assert PayoutAccount.objects.get().state == "restricted"
    judged(seller, "approved")
    if webhooks:
        tell_events("account.updated")
        swept(market)
    else:
        look_again(market)
    payout.refresh_from_db()
    assert (payout.state, got(market, seller)) == ("paid", 60_00)
    assert not Task.objects.filter(code="held_for_seller", closed_at=None).exists()
    assert len(gateway.call(lambda client: client.v1.transfers.list()).object["data"]) == 1


@pytest.mark.parametrize(
    ("currency", "exponent", "limit", "values", "paid"),
    [
        ("JPY", 2, 50_000, (4_500_000, 3_133_750), 31_337),
        ("KWD", 3, 100_000, (81_000, 45_678), 45_670),  # what a card is charged ends in 0
    ],
)
def test_money_without_cents_and_with_mils(currency, exponent, limit, values, paid):
    seller, buyer, rival = Trader(card=None, payout=True), Trader(), Trader()
    bids = zip((buyer, rival), values, strict=True)
    market = swept(sold(seller, *bids, limit=limit, currency=currency, exponent=exponent))
    assert (market.state, got(market, seller)) == ("settled", paid)
    charged = gateway.call(lambda client: client.v1.charges.list()).object["data"]
    taken = [(each["currency"], each["amount_captured"]) for each in charged if each["captured"]]
    assert taken == [(currency.lower(), paid)]


def test_two_sellers_share_mils_without_losing_one():
    sellers, buyers = [Trader(card=None, payout=True) for _ in range(2)], [Trader() for _ in range(3)]
    market = open_a_market(mechanism="double_auction", currency="KWD", exponent=4, lots=[{"id": "mwh"}])
    prices = (99_995, 88_884, 71_119, 20_003, 71_117)
    for trader, sign, price in zip([*buyers, *sellers], (1, 1, 1, -1, -1), prices, strict=True):
        trader.join(market, 50_000 if sign > 0 else 0)
        trader.bid(market, curve("mwh", (3 * sign, price)))
    close_now(market)
    assert swept(market).state == "settled"
    moved = Obligation.objects.values_list("kind", "amount_minor")
    assert all(amount % 10 == 0 for _, amount in moved)
    paid, given = (sum(amount for kind, amount in moved if kind == which) for which in ("collect", "payout"))
    kept = balances(market.journal).get("rounding", 0)
    assert (paid > 0, given + kept) == (True, paid)


@pytest.mark.parametrize("money", ["authorise", "charge"])
def test_the_bank_asks_in_the_middle_and_the_market_is_settled(client, money):
    """No card yet: the join is refused with a page; the bank asks there; after that nobody is asked any more."""
    seller, buyer, rival = Trader(card=None, payout=True), Trader(card=None), Trader()
    market = open_a_market(lots=[{"id": "room", "seller": seller.agent.ref}], money=money)
    path, body = f"{API}markets/{market.ref}/participations/", json.dumps({"limit_minor": 100_00})

    def join():
        return client.post(path, body, content_type="application/json", headers=buyer.headers())

    refused = join().json()
    assert refused["code"] == "payment_method_needed"
    with httpx.Client(trust_env=False) as person:
        bank = person.post(refused["page"], data={"number": ASKS}).headers["Location"]
        assert join().status_code == 402  # not before the bank is answered
        assert person.post(bank, data={"outcome": "succeeded"}).status_code == 303
    tell_events("setup_intent.succeeded")
    swept(market, 1)
    assert join().status_code == 201
    buyer.bid(market, buy("room", 90_00))
    rival.join(market)
    rival.bid(market, buy("room", 60_00))
    close_now(market)
    assert (swept(market).state, got(market, seller)) == ("settled", 60_00)


def test_the_fee_is_known_before_bidding_and_comes_out_of_the_sellers_part(client):
    seller, buyer, rival = Trader(card=None, payout=True), Trader(), Trader()
    terms = [{"within_s": 3600, "refund_percent": 40}]
    market = sold(seller, (buyer, 90_00), (rival, 60_00), fee_bp=250, cancellation=terms)
    shown = client.get(f"{API}markets/{market.ref}/", headers=buyer.headers()).json()["payment"]
    assert (shown["fee_bp"], "keeps 2.5 % of what a seller receives" in shown["means"]) == (250, True)
    assert swept(market).state == "settled"
    assert (got(market, seller), kept(market)) == (58_50, 1_50)
    contract = client.get(f"{API}contracts/", headers=seller.headers()).json()["contracts"][0]
    assert (contract["claims"]["price"]["amount"], "2.5 %" in contract["claims"]["fee"]) == (60_00, True)
    path = f"{API}contracts/{contract['id']}/cancellations/"
    done = client.post(path, "{}", content_type="application/json", headers=buyer.headers())
    assert (done.status_code, done.json()["refund_minor"]) == (200, 24_00)
    swept(market)
    assert (got(market, seller), kept(market)) == (35_10, 90)  # 60 % of each


def kept(market) -> int:
    return balances(market.journal).get(f"fees:{market.ref}", 0)


def test_a_flight_and_a_hotel_of_two_sellers_are_won_as_one_bundle(client):
    """One charge of the buyer, below its bid; a transfer, a fee and a contract for each of the two sellers."""
    airline, hotel = sellers = [Trader(card=None, payout=True) for _ in range(2)]
    lots = [
        {"id": "flight", "seller": airline.agent.ref, "reserve": 100_00},
        {"id": "hotel", "seller": hotel.agent.ref, "reserve": 50_00},
    ]
    market = open_a_market(mechanism="vcg", lots=lots, fee_bp=1000)
    buyer, flyer, sleeper = buyers = [Trader() for _ in range(3)]
    wants = ({"flight": 1, "hotel": 1}, 300_00), ({"flight": 1}, 120_00), ({"hotel": 1}, 60_00)
    for trader, (bundle, value) in zip(buyers, wants, strict=True):
        trader.join(market, 300_00)
        trader.bid(market, {"atoms": [{"bundle": bundle, "value": value}]})
    close_now(market)
    assert swept(market).state == "settled"
    charged = gateway.call(lambda c: c.v1.charges.list({"transfer_group": market.journal.name})).object["data"]
    assert sorted((each["captured"], each["amount_captured"]) for each in charged) == [(False, 0)] * 2 + [
        (True, 180_00)
    ]
    assert sum(each["amount"] - each["amount_refunded"] for each in charged) == 180_00  # the rest of each hold is free
    moved = gateway.call(lambda c: c.v1.transfers.list({"transfer_group": market.journal.name})).object["data"]
    assert sorted(each["amount"] for each in moved) == sorted(got(market, seller) for seller in sellers)
    assert sum(got(market, seller) for seller in sellers) + kept(market) == 180_00
    assert (kept(market), got(market, airline) > 90_00, got(market, hotel) > 45_00) == (18_00, True, True)
    for seller, lot in zip(sellers, ("flight", "hotel"), strict=True):
        (contract,) = client.get(f"{API}contracts/", headers=seller.headers()).json()["contracts"]
        assert lot in json.dumps(contract["claims"])
    assert len(client.get(f"{API}contracts/", headers=buyer.headers()).json()["contracts"]) == 2
    for loser in (flyer, sleeper):
        assert client.get(f"{API}contracts/", headers=loser.headers()).json()["contracts"] == []
    call_command("verify_ledger")


@pytest.mark.parametrize("verdict", ["winning", "losing"])
def test_a_dispute_after_payout_freezes_what_is_left(verdict):
    """A flight and a hotel won as one bundle; the hotel is paid, the airline cannot be, the buyer goes to the bank."""
    airline, hotel = (Trader(card=None, payout=True) for _ in range(2))
    lots = [
        {"id": "flight", "seller": airline.agent.ref, "reserve": 100_00},
        {"id": "hotel", "seller": hotel.agent.ref, "reserve": 50_00},
    ]
    market, buyer = open_a_market(mechanism="vcg", lots=lots), Trader(card="pm_card_createDispute")
    buyer.join(market, 300_00)
    buyer.bid(market, {"atoms": [{"bundle": {"flight": 1, "hotel": 1}, "value": 300_00}]})
    platform_has(500_00)
    judged(airline, "more")
    tell_events("account.updated")
    close_now(market)
    swept(market)
    assert (market.state, got(market, airline), got(market, hotel)) == ("settled", 0, 50_00)
    tell_events("charge.dispute.created")
    judged(airline, "approved")
    tell_events("account.updated")
    swept(market)
    held = Obligation.objects.get(kind="payout", state="held_for_seller")
    assert (held.last_error.startswith("disputed"), got(market, airline)) == (True, 0)
    assert balances(market.journal)[f"disputed:{market.ref}"] == -150_00
    (dispute,) = gateway.call(lambda client: client.v1.disputes.list()).object["data"]
    evidence = {"evidence": {"uncategorized_text": f"{verdict}_evidence"}}
    gateway.call(lambda client: client.v1.disputes.update(dispute["id"], evidence))
    Attempt.objects.update(last_at="2000-01-01T00:00:00Z")  # minutes later: no call is on its way any more
    tell_events("charge.dispute.closed")
    swept(market)
    lost = verdict == "losing"
    assert (got(market, airline), got(market, hotel)) == (0 if lost else 100_00, 50_00)
    assert balances(market.journal)[f"disputed:{market.ref}"] == (-50_00 if lost else 0)
    assert Task.objects.filter(code="dispute_lost", detail__contains="50.00 EUR").exists() == lost


def test_a_cancellation_whose_refund_cannot_be_made_is_taken_back(client):
    """The bidder cancels while its own bank has the money already, which nobody here knows yet."""
    seller, buyer, rival = Trader(card=None, payout=True), Trader(card="pm_card_createDispute"), Trader()
    platform_has(500_00)
    terms = [{"within_s": 3600, "refund_percent": 100}]
    market = swept(sold(seller, (buyer, 90_00), (rival, 60_00), cancellation=terms, fee_bp=1000))

    def shown():
        return client.get(f"{API}contracts/", headers=seller.headers()).json()["contracts"][0]

    path = f"{API}contracts/{shown()['id']}/cancellations/"
    done = client.post(path, "{}", content_type="application/json", headers=buyer.headers())
    assert (done.json()["state"], done.json()["refund_minor"]) == ("cancelled", 60_00)
    swept(market)
    assert (shown()["state"], shown()["refund_minor"]) == ("accepted", 0)
    assert (got(market, seller), kept(market)) == (54_00, 6_00)
    events = client.get(f"{API}inbox/", headers=buyer.headers()).json()["events"]
    kinds = [event["kind"] for event in events if event["kind"].startswith("contract.")]
    assert kinds == ["contract.accepted", "contract.cancelled", "contract.reinstated"]
    tell_events("charge.dispute.created")
    swept(market)
    refused = client.post(path, "{}", content_type="application/json", headers=buyer.headers())
    assert (refused.status_code, refused.json()["code"]) == (409, "not_refundable")
