"""Markets that charge a saved card once they have cleared: what a decline leads to, over real HTTP to the sandbox."""

import pytest

from marketplace.core import sweeps
from marketplace.core.models import Event
from marketplace.core.refusals import Refusal
from marketplace.mandates.models import Commitment
from marketplace.markets.models import Market, Round
from marketplace.settlement import gateway
from marketplace.settlement.models import Authorisation, Obligation, Task
from marketplace.settlement.services import balances
from tests.factories import Trader, buy, close_now, open_a_market
from tests.stripe_over_http import stripe_over_http  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.usefixtures("stripe_over_http"),
]
DECLINED = "pm_card_chargeCustomerFail"  # it may be saved, and is declined when it is charged


def charging(seller: Trader, **stated: object) -> Market:
    """A market for one room that holds nothing at joining."""
    return open_a_market(lots=[{"id": "room", "seller": seller.agent.ref, "reserve": 10_00}], money="charge", **stated)


def played(market: Market, *bids: tuple[Trader, int], limit: int = 100_00) -> Market:
    """Everybody joins and bids, the market closes, and all that follows from it is done."""
    for trader, value in bids:
        trader.join(market, limit)
        trader.bid(market, buy("room", value))
    close_now(market)
    for _ in range(8):
        sweeps.run_due()
    market.refresh_from_db()
    return market


def holds() -> list[dict]:
    found = gateway.call(lambda client: client.v1.payment_intents.list({"limit": 100}))
    return [each for each in found.object["data"] if each["capture_method"] == "manual"]


def states(kind: str) -> list[str]:
    return sorted(Obligation.objects.filter(kind=kind).values_list("state", flat=True))


def test_a_decline_at_clearing_and_the_next_best():
    seller, broke, next_best, third = Trader(card=None, payout=True), Trader(card=DECLINED), Trader(), Trader()
    market = played(charging(seller), (broke, 90_00), (next_best, 80_00), (third, 60_00))
    assert market.state == "settled"
    first, second = Round.objects.order_by("n")
    assert (first.state, second.state) == ("superseded", "cleared")
    gone = Obligation.objects.get(state="defaulted", kind="collect")
    assert second.without == [gone.reference]
    paid = Obligation.objects.get(state="paid", kind="collect")
    assert (paid.round_ref, paid.amount_minor, paid.principal_id) == (second.ref, 60_00, next_best.agent.principal_id)
    assert holds() == []
    assert balances(market.journal)[f"payee:{seller.agent.principal.ref}"] == 60_00
    told = Event.objects.filter(stream__name=market.stream, kind="round.superseded")
    assert told.count() == 1
    assert set(Authorisation.objects.values_list("state", flat=True)) == {"released"}
    assert Task.objects.filter(code="payer_defaulted").count() == 1
    sweeps.run_due()
    spent = {row.holder_id: row.amount_minor for row in Commitment.objects.filter(standing=False)}
    assert spent == {broke.agent.pk: 0, next_best.agent.pk: 60_00, third.agent.pk: 0}


def test_nobody_is_left_after_the_defaulters():
    seller, broke = Trader(card=None, payout=True), Trader(card=DECLINED)
    market = played(charging(seller), (broke, 90_00))
    assert (market.state, Round.objects.order_by("n").last().status) == ("settled", "no_trade")
    assert (states("collect"), states("payout")) == (["defaulted"], ["defaulted"])


def test_who_paid_beside_a_defaulter_is_refunded_and_charged_in_the_next_round():
    hotel, airline = (Trader(card=None, payout=True) for _ in range(2))
    lots = [{"id": "room", "seller": hotel.agent.ref}, {"id": "seat", "seller": airline.agent.ref, "reserve": 10_00}]
    market = open_a_market(mechanism="vcg", lots=lots, money="charge")
    broke, good, rival = Trader(card=DECLINED), Trader(), Trader()
    for trader, lot, value in ((broke, "room", 50_00), (good, "seat", 40_00), (rival, "room", 30_00)):
        trader.join(market)
        trader.bid(market, buy(lot, value))
    close_now(market)
    for _ in range(8):
        sweeps.run_due()
    market.refresh_from_db()
    assert market.state == "settled"
    assert states("collect") == ["defaulted", "paid", "refunded"]
    assert balances(market.journal)[f"payee:{airline.agent.principal.ref}"] == 10_00
    assert Authorisation.objects.get(principal=good.agent.principal).captured_minor == 10_00
    sweeps.run_due()
    assert Commitment.objects.get(holder=good.agent).amount_minor == 10_00


def test_a_deposit_is_forfeited_to_the_seller():
    seller, broke, good = Trader(card=None, payout=True), Trader(), Trader()
    market = charging(seller, on_default="deposit", deposit_minor=5_00)
    for trader, value in ((broke, 90_00), (good, 80_00)):
        trader.join(market)
        trader.bid(market, buy("room", value))
    assert sorted(each["amount"] for each in holds()) == [5_00, 5_00]
    failing = Trader(card=DECLINED).agent.principal.payment_methods.get()
    Authorisation.objects.filter(principal=broke.agent.principal).update(payment_method=failing)
    close_now(market)
    for _ in range(8):
        sweeps.run_due()
    market.refresh_from_db()
    assert (market.state, Round.objects.count()) == ("settled", 1)
    assert sorted((each["status"], each["amount_received"]) for each in holds()) == [
        ("canceled", 0),
        ("succeeded", 500),
    ]
    assert balances(market.journal)[f"payee:{seller.agent.principal.ref}"] == 5_00


def test_a_winner_who_pays_gets_its_deposit_back():
    seller, winner, loser = Trader(card=None, payout=True), Trader(), Trader()
    stated = {"on_default": "deposit", "deposit_minor": 5_00}
    market = played(charging(seller, **stated), (winner, 90_00), (loser, 80_00))
    assert market.state == "settled"
    assert {each["status"] for each in holds()} == {"canceled"}
    assert balances(market.journal)[f"payee:{seller.agent.principal.ref}"] == 80_00


def test_a_default_may_leave_the_market_void():
    seller, broke, good = Trader(card=None, payout=True), Trader(card=DECLINED), Trader()
    market = played(charging(seller, on_default="void"), (broke, 90_00), (good, 80_00))
    assert (market.state, Round.objects.count()) == ("settled", 1)
    assert (states("collect"), states("payout")) == (["defaulted"], ["defaulted"])


def test_a_card_that_was_agreed_to_on_the_page_is_charged_while_its_owner_is_away(client):
    seller, buyer = Trader(card=None, payout=True), Trader(card="pm_card_authenticationRequiredAlways")
    market = played(charging(seller), (buyer, 90_00))
    assert states("collect") == ["defaulted"]  # a bank that always asks cannot be charged later
    assert market.rounds.count() == 2


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"money": "cash"}, "money_unknown"),
        ({"on_default": "void"}, "on_default_misplaced"),
        ({"money": "charge", "on_default": "pray"}, "on_default_misplaced"),
        ({"money": "charge", "on_default": "deposit"}, "deposit_out_of_bounds"),
        ({"money": "charge", "on_default": "deposit", "deposit_minor": 10}, "deposit_out_of_bounds"),
        ({"money": "charge", "deposit_minor": 500}, "deposit_out_of_bounds"),
        ({"most_minor": 100_000_000}, "charge_out_of_bounds"),
        ({"most_minor": 0}, "charge_out_of_bounds"),
        ({"closes_in_s": 7 * 24 * 3600}, "closing_out_of_bounds"),
    ],
)
def test_terms_of_money_that_do_not_fit(stated, code):
    with pytest.raises(Refusal) as refused:
        open_a_market(**stated)
    assert refused.value.code == code


def test_a_market_without_holds_may_be_open_for_longer():
    assert open_a_market(money="charge", closes_in_s=30 * 24 * 3600).state == "open"


@pytest.mark.parametrize(
    ("stated", "limit", "code"),
    [
        ({"most_minor": 50_00}, 75_00, "limit_above_most"),
        ({}, 100_000_000, "limit_too_high"),
        ({"money": "charge"}, 100_000_000, "limit_too_high"),
        ({"money": "charge"}, 20, "limit_too_low"),
    ],
)
def test_a_limit_past_the_largest_or_below_the_least_charge(stated, limit, code):
    with pytest.raises(Refusal) as refused:
        Trader().join(open_a_market(**stated), limit)
    assert refused.value.code == code


def test_claims_say_that_they_assume_no_default(client):
    trader, market = Trader(), open_a_market(money="charge")
    answer = client.get(f"/api/v1/markets/{market.ref}/", headers=trader.headers()).json()
    assert all("no_default" in claim["assumes"] for claim in answer["claims"])
    assert answer["payment"]["on_default"] == "next_best"
    assert "saved card is charged" in answer["payment"]["means"]
    held = client.get(f"/api/v1/markets/{open_a_market().ref}/", headers=trader.headers()).json()
    assert not any("no_default" in claim["assumes"] for claim in held["claims"])
