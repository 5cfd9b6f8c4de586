"""Every way of taking money, and every default, in markets of turns; over real HTTP to the sandbox."""

import pytest

from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.settlement.models import Authorisation, Obligation
from marketplace.settlement.services import balances, verify_journal
from tests.clearing.test_charging import DECLINED
from tests.factories import Trader, open_a_haggle, open_a_market, time_is_up
from tests.settlement.test_balances import left, paid_in
from tests.stripe_over_http import stripe_over_http  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.usefixtures("stripe_over_http"),
]
AGREED = {"price": 12000, "breakfast": "yes", "cancellation": "free"}


def struck(guest: Trader, *, fails: bool = False, **stated: object) -> tuple[Market, Trader]:
    """A haggle to its deal, and all that follows from it."""
    hotel = Trader(card=None, payout=True)
    market = open_a_haggle(hotel, **stated)
    hotel.join(market, 0)
    guest.join(market, 150_00)
    if fails:  # the card bore what joining held, and declines what comes after
        failing = Trader(card=DECLINED).agent.principal.payment_methods.get()
        Authorisation.objects.filter(principal=guest.agent.principal).update(payment_method=failing)
    guest.move(market, "offer", agreement=AGREED)
    hotel.move(market, "accept")
    for _ in range(8):
        sweeps.run_due()
    market.refresh_from_db()
    assert (market.state, verify_journal(journal=market.journal)) == ("settled", [])
    return market, hotel


def owed(market: Market) -> list[tuple[str, int, str]]:
    rows = Obligation.objects.filter(round_ref=market.rounds.get().ref).order_by("kind")
    return [(row.kind, row.amount_minor, row.state) for row in rows]


@pytest.mark.parametrize("money", ["authorise", "charge", "prepaid"])
def test_a_deal_is_paid_in_every_way_and_the_fee_kept_of_what_the_seller_gets(money: str) -> None:
    guest = Trader()
    if money == "prepaid":
        paid_in(guest, 150_00)
    market, hotel = struck(guest, money=money, fee_bp=250)
    assert owed(market)[0] == ("collect", 12000, "paid")
    assert ("payout", 11700, "paid") in owed(market)
    assert balances(market.journal)[f"payee:{hotel.agent.principal.ref}"] == 11700
    if money == "prepaid":
        assert left(guest) == (3000, 0)


@pytest.mark.parametrize(("on_default", "deposit"), [("void", 0), ("deposit", 5_00)])
def test_a_declined_charge_voids_the_deal_or_costs_the_deposit(on_default: str, deposit: int) -> None:
    market, hotel = struck(Trader(), fails=True, money="charge", on_default=on_default, deposit_minor=deposit)
    assert ("collect", 12000, "defaulted") in owed(market)
    assert balances(market.journal).get(f"payee:{hotel.agent.principal.ref}", 0) == deposit


def test_what_was_paid_in_bounds_the_moves_of_an_auction_and_comes_back() -> None:
    seller, ann, bob = Trader(card=None, payout=True), Trader(), Trader()
    for trader in (ann, bob):
        paid_in(trader, 60_00)
    lots = [{"id": "ring", "seller": seller.agent.ref}]
    market = open_a_market(mechanism="english", lots=lots, money="prepaid")
    with pytest.raises(Refusal) as refused:
        ann.join(market, 61_00)
    assert refused.value.code == "balance_too_low"
    for trader, amount in ((ann, 5000), (bob, 4000)):
        trader.join(market, 60_00)
        trader.move(market, "bid", amount=amount)
    time_is_up(market)
    for _ in range(6):
        sweeps.run_due()
    price = next(amount for kind, amount, _ in owed(market) if kind == "collect")
    assert 4000 <= price <= 5000
    assert (left(ann), left(bob)) == ((6000 - price, 0), (6000, 0))
