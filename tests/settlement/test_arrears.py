"""Charges too small for any card, over real HTTP to the sandbox: sellers are paid, payers are charged together."""

import pytest

from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.doors.rest.balances import balances_answer
from marketplace.mandates.models import Commitment
from marketplace.markets.models import Market
from marketplace.settlement import gateway
from marketplace.settlement.models import Authorisation, Obligation, PaymentMethod
from marketplace.settlement.services import balances, refund
from marketplace.settlement.statements import balances_of, lines
from tests.factories import Trader, buy, close_now, open_a_market
from tests.settlement.test_balances import left, paid_in
from tests.stripe_over_http import stripe_over_http  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.usefixtures("stripe_over_http"),
]


def sold(seller: Trader, buyer: Trader, price: int, money: str = "authorise", limit: int = 10_00) -> Market:
    """A market in which the buyer has paid this price, which the reserve sets."""
    lots = [{"id": "room", "seller": seller.agent.ref, "reserve": price}]
    market = open_a_market(lots=lots, money=money)
    buyer.join(market, limit)
    buyer.bid(market, buy("room", limit))
    close_now(market)
    for _ in range(8):
        sweeps.run_due()
    market.refresh_from_db()
    assert market.state == "settled"
    return market


def taken() -> list[int]:
    """What Stripe took of cards, in order of its payments."""
    found = gateway.call(lambda client: client.v1.payment_intents.list({"limit": 100})).object["data"]
    return [each["amount_received"] for each in reversed(found) if each["amount_received"]]


def the_platform_has(amount: int) -> None:
    """Something of its own at Stripe, out of which it pays sellers before payers are charged."""
    paid_in(Trader(), amount)


def got(seller: Trader, market: Market) -> int:
    return balances(market.journal).get(f"payee:{seller.agent.principal.ref}", 0)


@pytest.mark.parametrize("money", ["authorise", "charge"])
def test_twenty_cents_are_paid_at_once_and_charged_when_they_are_enough(money):
    the_platform_has(5_00)
    seller, buyer = Trader(card=None, payout=True), Trader()
    first = sold(seller, buyer, 20, money)
    assert (got(seller, first), taken(), left(buyer)) == (20, [5_00], (-20, 0))
    assert Obligation.objects.get(journal=first.journal, kind="collect").state == "paid"
    assert Authorisation.objects.get(journal=first.journal).state == "released"
    second = sold(seller, buyer, 40, money)
    assert (got(seller, second), taken(), left(buyer)) == (40, [5_00, 60], (0, 0))
    (balance,) = balances_of(buyer.agent.principal)
    assert [line.what for line in lines(balance.journal, 9)] == ["topped_up", "owed", "owed"]
    sweeps.run_due()
    spent = Commitment.objects.filter(holder=buyer.agent).order_by("pk").values_list("amount_minor", flat=True)
    assert list(spent) == [20, 40]


@pytest.mark.parametrize("money", ["authorise", "charge"])
def test_what_is_owed_comes_with_the_next_charge(money):
    the_platform_has(5_00)
    seller, buyer = Trader(card=None, payout=True), Trader()
    sold(seller, buyer, 20, money)
    assert "0.20 EUR is owed" in balances_answer(buyer.agent.principal_id)[0]["means"]
    market = sold(seller, buyer, 7_00, money)
    assert (got(seller, market), taken(), left(buyer)) == (7_00, [5_00, 7_20], (0, 0))
    collect = Obligation.objects.get(journal=market.journal, kind="collect")
    assert (collect.amount_minor, collect.arrears_minor) == (7_20, 20)
    with pytest.raises(Refusal, match=r"at most 7\.00 EUR"):
        refund(obligation=collect, amount_minor=7_10)
    refund(obligation=collect)
    for _ in range(4):
        sweeps.run_due()
    collect.refresh_from_db()
    assert (collect.state, left(buyer), got(seller, market)) == ("refunded", (0, 0), 0)


def test_no_more_is_charged_than_the_limit_covers():
    the_platform_has(5_00)
    seller, buyer = Trader(card=None, payout=True), Trader()
    sold(seller, buyer, 20)
    sold(seller, buyer, 7_45, limit=7_50)
    assert (taken(), left(buyer)) == ([5_00, 7_50], (-15, 0))


def test_of_a_round_that_is_undone_the_arrears_stay_owed():
    the_platform_has(5_00)
    seller, buyer, broke = Trader(card=None, payout=True), Trader(), Trader(card="pm_card_chargeCustomerFail")
    sold(seller, buyer, 20, "charge")
    lots = [{"id": lot, "seller": seller.agent.ref, "reserve": 7_00} for lot in ("room", "seat")]
    market = open_a_market(mechanism="vcg", lots=lots, money="charge", on_default="void")
    for trader, lot in ((buyer, "room"), (broke, "seat")):
        trader.join(market, 10_00)
        trader.bid(market, buy(lot, 9_00))
    close_now(market)
    for _ in range(8):
        sweeps.run_due()
    assert sum(taken()) == 5_00 + 7_20
    assert left(buyer) == (-20, 0)
    charges = gateway.call(lambda c: c.v1.charges.list({"limit": 10})).object["data"]
    assert sum(charge["amount_refunded"] for charge in charges) == 7_20


def test_who_owes_what_no_card_bears_joins_nothing_until_it_has_paid_in():
    the_platform_has(5_00)
    seller, buyer = Trader(card=None, payout=True), Trader()
    sold(seller, buyer, 40)
    failing = Trader(card="pm_card_chargeCustomerFail").agent.principal.payment_methods.get()
    PaymentMethod.objects.filter(principal=buyer.agent.principal).update(
        stripe_payment_method=failing.stripe_payment_method, stripe_customer=failing.stripe_customer
    )
    market = open_a_market(lots=[{"id": "room", "seller": seller.agent.ref, "reserve": 30}], money="charge")
    buyer.join(market, 10_00)
    buyer.bid(market, buy("room", 9_00))
    close_now(market)
    for _ in range(8):
        sweeps.run_due()
    assert (got(seller, market), left(buyer)) == (30, (-70, 0))
    with pytest.raises(Refusal) as refused:
        buyer.join(open_a_market(money="charge"), 10_00)
    assert (refused.value.code, refused.value.extra["owed_minor"]) == ("balance_owed", 70)
    good = Trader().agent.principal.payment_methods.get()
    PaymentMethod.objects.filter(principal=buyer.agent.principal).update(
        stripe_payment_method=good.stripe_payment_method, stripe_customer=good.stripe_customer
    )
    paid_in(buyer, 1_00)
    assert left(buyer) == (30, 0)
    buyer.join(open_a_market(money="charge"), 10_00)
