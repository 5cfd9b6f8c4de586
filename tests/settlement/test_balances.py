"""Prepaid balances, over real HTTP to the sandbox: one top-up, then transfers in our books; and back."""

import json
import threading
import uuid

import pytest
from django.contrib.auth.models import User
from django.db import connection

from marketplace.bidding.raises import raise_limit
from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.mandates.documents import read
from marketplace.mandates.grants import grant_mandate
from marketplace.markets.models import Market
from marketplace.settlement import gateway, ledger
from marketplace.settlement.models import Authorisation, Balance, Journal, Obligation, Task
from marketplace.settlement.services import (
    balances,
    refund,
    release_all,
    standing,
    top_up,
    undo_round,
    verify_journal,
)
from marketplace.stripe_sandbox.objects.event import Event
from tests.factories import Trader, buy, close_now, open_a_market
from tests.settlement.world import post_event
from tests.stripe_over_http import stripe_over_http  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.usefixtures("stripe_over_http"),
]
API = "/api/v1/"


def paid_in(trader: Trader, amount: int, currency: str = "EUR") -> Balance:
    """The trader's balance after one top-up."""
    name = "top_" + uuid.uuid4().hex
    top_up(principal=trader.agent.principal, currency=currency, amount_minor=amount, name=name)
    return Balance.objects.get(principal=trader.agent.principal, currency=currency)


def left(trader: Trader, currency: str = "EUR") -> tuple[int, int]:
    """What of the trader's balance is available, and what is held."""
    now = standing(Journal.objects.get(balance__principal=trader.agent.principal, currency=currency))
    return now.available_minor, now.held_minor


def post(client, trader: Trader, path: str, body: dict, key: str = ""):
    headers = trader.headers(key or None)
    return client.post(API + path, json.dumps(body), content_type="application/json", headers=headers)


def small(seller: Trader, **stated: object) -> Market:
    """A market whose largest charge is 2.00 EUR."""
    return open_a_market(lots=[{"id": "room", "seller": seller.agent.ref, "reserve": 10}], most_minor=2_00, **stated)


def swept_until_settled(market: Market) -> None:
    close_now(market)
    for _ in range(6):
        sweeps.run_due()
    market.refresh_from_db()
    assert market.state == "settled"


def intents() -> list[dict]:
    return gateway.call(lambda client: client.v1.payment_intents.list({"limit": 100})).object["data"]


def test_one_top_up_pays_for_many_small_deals(client):
    seller, buyer, rival = Trader(card=None, payout=True), Trader(), Trader()
    made = post(client, buyer, "balances/EUR/top-ups/", {"amount_minor": 500}, "once")
    assert (made.status_code, made.json()["state"]) == (201, "paid")
    assert post(client, buyer, "balances/EUR/top-ups/", {"amount_minor": 500}, "once").json() == made.json()
    assert post(client, buyer, "balances/EUR/top-ups/", {"amount_minor": 600}, "once").status_code == 409
    paid_in(rival, 5_00)
    for _ in range(2):
        market = small(seller)
        assert market.money == "prepaid"
        buyer.join(market, 1_50)
        rival.join(market, 1_00)
        assert left(buyer)[1] == 1_50
        buyer.bid(market, buy("room", 1_20))
        rival.bid(market, buy("room", 40))  # less than any card can be charged
        swept_until_settled(market)
    assert left(buyer) == (5_00 - 2 * 40, 0)
    assert left(rival) == (5_00, 0)
    paid = {account: amount for account, amount in balances(market.journal).items() if account.startswith("payee:")}
    assert paid == {f"payee:{seller.agent.principal.ref}": 40}
    assert len(intents()) == 2  # the two top-ups, and nothing else
    seen = client.get(f"{API}balances/EUR/", headers=buyer.headers()).json()
    assert [entry["what"] for entry in seen["entries"]][:3] == ["released", "paid", "held"]
    assert seen["entries"][-1]["what"] == "topped_up"
    assert client.get(f"{API}me/", headers=buyer.headers()).json()["balances"][0]["available_minor"] == 4_20


def test_who_has_not_paid_in_is_shown_the_door(client):
    buyer, market = Trader(), small(Trader(card=None, payout=True))
    refused = post(client, buyer, f"markets/{market.ref}/participations/", {"limit_minor": 200}).json()
    assert (refused["code"], refused["missing_minor"]) == ("balance_too_low", 200)
    assert "balances/EUR/top-ups/" in refused["next"]
    paid_in(buyer, 1_50)
    refused = post(client, buyer, f"markets/{market.ref}/participations/", {"limit_minor": 200}).json()
    assert (refused["available_minor"], refused["missing_minor"]) == (150, 50)
    assert post(client, buyer, f"markets/{market.ref}/participations/", {"limit_minor": 150}).status_code == 201
    assert not Authorisation.objects.filter(journal=market.journal).exclude(balance=None).exclude(amount_minor=150)


def test_a_raise_takes_only_what_it_adds():
    buyer, market = Trader(), small(Trader(card=None, payout=True))
    paid_in(buyer, 2_00)
    buyer.join(market, 1_50)
    raised = raise_limit(market=market, identity=buyer.identity, limit_minor=2_00, key="raise")
    assert raised.state == "done"
    assert left(buyer) == (0, 2_00)
    close_now(market)
    for _ in range(4):
        sweeps.run_due()
    assert left(buyer) == (2_00, 0)


def test_a_limit_is_never_taken_twice_of_one_balance():
    buyer = Trader()
    paid_in(buyer, 2_00)
    markets = [small(Trader(card=None, payout=True)) for _ in range(4)]
    refused: list[str] = []

    def join(market: Market) -> None:
        try:
            buyer.join(market, 1_00)
        except Refusal as refusal:
            refused.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=(market,)) for market in markets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (refused, left(buyer)) == (["balance_too_low"] * 2, (0, 2_00))


def test_what_is_unused_goes_back_to_the_cards(client):
    buyer, market = Trader(), small(Trader(card=None, payout=True))
    paid_in(buyer, 2_00)
    paid_in(buyer, 3_00)
    buyer.join(market, 1_00)
    too_much = post(client, buyer, "balances/EUR/withdrawals/", {"amount_minor": 401})
    assert (too_much.status_code, too_much.json()["code"]) == (402, "balance_too_low")
    back = post(client, buyer, "balances/EUR/withdrawals/", {"amount_minor": 350}, "back")
    assert (back.status_code, len(back.json()["refunds"])) == (201, 2)
    assert back.json()["balance"]["returning_minor"] == 350
    assert post(client, buyer, "balances/EUR/withdrawals/", {"amount_minor": 350}, "back").json() == back.json()
    sweeps.run_due()
    assert left(buyer) == (50, 1_00)
    charges = gateway.call(lambda c: c.v1.charges.list({"limit": 10})).object["data"]
    assert sorted(charge["amount_refunded"] for charge in charges) == [50, 300]
    release_all(journal=market.journal)
    assert left(buyer) == (1_50, 0)


def test_an_operator_cannot_give_back_a_top_up_that_was_spent():
    seller, buyer, rival = Trader(card=None, payout=True), Trader(), Trader()
    row = paid_in(buyer, 2_00)
    paid_in(rival, 2_00)
    market = small(seller)
    buyer.join(market, 2_00)
    rival.join(market, 1_00)
    buyer.bid(market, buy("room", 1_80))
    rival.bid(market, buy("room", 90))
    swept_until_settled(market)
    topped = Obligation.objects.get(journal=row.journal)
    with pytest.raises(Refusal, match=r"at most 1\.10 EUR"):
        refund(obligation=topped, amount_minor=1_20)
    undo_round(journal=row.journal, round_ref=topped.round_ref, reason="a mistake")
    sweeps.run_due()
    assert left(buyer) == (0, 0)


def test_a_refund_goes_back_to_the_balance_that_it_came_from():
    seller, buyer, rival = Trader(card=None, payout=True), Trader(), Trader()
    paid_in(buyer, 2_00)
    paid_in(rival, 2_00)
    market = small(seller)
    for trader, value in ((buyer, 1_80), (rival, 90)):
        trader.join(market, 2_00)
        trader.bid(market, buy("room", value))
    swept_until_settled(market)
    collect = Obligation.objects.get(journal=market.journal, kind="collect")
    refund(obligation=collect, amount_minor=30)
    for _ in range(3):
        sweeps.run_due()
    assert left(buyer) == (2_00 - 90 + 30, 0)
    assert balances(market.journal)[f"payee:{seller.agent.principal.ref}"] == 60
    refund(obligation=collect)
    for _ in range(3):
        sweeps.run_due()
    assert left(buyer) == (2_00, 0)
    assert Obligation.objects.get(pk=collect.pk).state == "refunded"


def test_a_top_up_that_is_declined_is_told_and_leaves_no_task(client):
    broke = Trader(card="pm_card_chargeCustomerFail")
    refused = post(client, broke, "balances/EUR/top-ups/", {"amount_minor": 500}, "once")
    assert (refused.status_code, refused.json()["code"]) == (402, "payment_declined")
    assert post(client, broke, "balances/EUR/top-ups/", {"amount_minor": 500}, "once").json() == refused.json()
    assert not Task.objects.exists()
    nobody = post(client, Trader(card=None), "balances/EUR/top-ups/", {"amount_minor": 500}).json()
    assert (nobody["code"], "page" in nobody) == ("payment_method_needed", True)


def bank_decides(verdict: str) -> None:
    """Stripe's events of a dispute arrive; the bank decides; and the rest arrives."""
    (dispute,) = gateway.call(lambda c: c.v1.disputes.list()).object["data"]
    evidence = {"evidence": {"uncategorized_text": f"{verdict}_evidence"}}
    gateway.call(lambda c: c.v1.disputes.update(dispute["id"], evidence))
    tell_disputes()


def tell_disputes() -> None:
    for event in Event.objects.filter(type__startswith="charge.dispute.").order_by("pk"):
        assert post_event(event) == 200
    sweeps.run_due()


@pytest.mark.parametrize(("verdict", "has", "loss"), [("winning", 4_00, ""), ("losing", 0, "1.00 EUR")])
def test_a_disputed_top_up_cannot_be_used_until_the_bank_has_decided(client, verdict, has, loss):
    seller, buyer, rival = Trader(card=None, payout=True), Trader(card="pm_card_createDispute"), Trader()
    purse = paid_in(buyer, 5_00)
    paid_in(rival, 2_00)
    market, later = small(seller), small(seller)
    for trader, limit, value in ((buyer, 2_00, 1_80), (rival, 1_00, 1_00)):
        trader.join(market, limit)
        trader.bid(market, buy("room", value))
    swept_until_settled(market)
    tell_disputes()
    shown = client.get(f"{API}balances/EUR/", headers=buyer.headers()).json()
    assert (shown["available_minor"], shown["owed_minor"], shown["disputed_minor"]) == (0, 0, 5_00)
    refused = post(client, buyer, f"markets/{later.ref}/participations/", {"limit_minor": 50}).json()
    assert refused["code"] == "balance_too_low"
    assert post(client, buyer, "balances/EUR/withdrawals/", {"amount_minor": 50}).json()["code"] == "balance_too_low"
    with pytest.raises(Refusal, match="not_refundable"):
        refund(obligation=Obligation.objects.get(journal=purse.journal))
    bank_decides(verdict)
    assert max(0, left(buyer)[0]) == has
    assert left(buyer)[0] == has - (1_00 if loss else 0)
    losses = list(Task.objects.filter(code="dispute_lost").values_list("detail", flat=True))
    assert [loss in each for each in losses] == [True] * bool(loss)
    assert verify_journal(purse.journal) == []
    assert balances(market.journal)[f"payee:{seller.agent.principal.ref}"] == 1_00


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("EUR/top-ups/", {"amount_minor": 49}, "top_up_out_of_bounds"),
        ("EUR/top-ups/", {"amount_minor": 100_000_000}, "top_up_out_of_bounds"),
        ("KWD/top-ups/", {"amount_minor": 2005}, "top_up_out_of_bounds"),
        ("XXX/top-ups/", {"amount_minor": 500}, "balance_not_found"),
        ("EUR/withdrawals/", {"amount_minor": 0}, "withdrawal_out_of_bounds"),
        ("KWD/withdrawals/", {"amount_minor": -5}, "withdrawal_out_of_bounds"),
        ("XXX/withdrawals/", {"amount_minor": 5}, "balance_not_found"),
    ],
)
def test_amounts_that_no_balance_takes(client, path, body, code):
    assert post(client, Trader(), "balances/" + path, body).json()["code"] == code


def test_an_agent_tops_up_no_more_than_its_mandate_lets_it_spend(client):
    trader = Trader()
    document = read({"ceilings": {"EUR": {"standing_minor": 10_00}}})
    grant_mandate(agent=trader.agent, document=document, by="test")
    assert post(client, trader, "balances/EUR/top-ups/", {"amount_minor": 600}).status_code == 201
    refused = post(client, trader, "balances/EUR/top-ups/", {"amount_minor": 600}).json()
    assert refused["code"] == "mandate_exceeded"
    asks = read({"ask": [{"when": {"currency": "EUR", "over_minor": 700}, "name": "large"}]})
    grant_mandate(agent=trader.agent, document=asks, by="test")
    refused = post(client, trader, "balances/EUR/top-ups/", {"amount_minor": 600}).json()
    assert refused["code"] == "top_up_by_person"


def test_a_balance_is_never_overdrawn_and_verify_says_so_if_it_were():
    buyer = Trader()
    row, journal = paid_in(buyer, 2_00), small(Trader(card=None, payout=True)).journal
    ledger.hold(journal, debit=row.journal.name, credit=journal.name, amount_minor=3_00, reference="prt_x")
    assert verify_journal(row.journal) == ["the balance is overdrawn by 100"]
    ledger.void_hold(journal, ledger.open_holds(journal, "prt_x")[0])
    assert verify_journal(row.journal) == []


@pytest.mark.parametrize(
    ("most", "currency", "money"),
    [(4_99, "EUR", "prepaid"), (5_00, "EUR", "authorise"), (499, "JPY", "prepaid"), (None, "EUR", "authorise")],
)
def test_small_markets_are_prepaid_unless_they_say_otherwise(most, currency, money):
    assert open_a_market(most_minor=most, currency=currency).money == money
    assert open_a_market(most_minor=most, currency=currency, money="charge").money == "charge"


def test_a_person_pays_in_and_takes_back_on_its_page(client):
    trader = Trader()
    user = User.objects.create_user("ada", "ada@example.org", "x")
    trader.agent.principal.user = user
    trader.agent.principal.save()
    client.force_login(user)
    form = {"amount": "12.50", "currency": "EUR", "once": str(uuid.uuid4())}
    for _ in range(2):  # a double click
        assert client.post("/me/top-up/", form).status_code == 302
    assert "12.50 EUR can be used." in client.get("/me/").content.decode()
    back = {**form, "amount": "2.50"}
    for _ in range(2):
        assert client.post("/me/withdraw/", back).status_code == 302
    assert left(trader)[0] == 10_00
    client.post("/me/withdraw/", {**back, "amount": "3"})
    assert "came before with another body" in client.get("/me/").content.decode()
    client.post("/me/withdraw/", {**back, "once": str(uuid.uuid4())})
    assert left(trader)[0] == 7_50
    client.post("/me/withdraw/", {**form, "amount": "20", "once": str(uuid.uuid4())})
    assert "The balance has 7.50 EUR available" in client.get("/me/").content.decode()
