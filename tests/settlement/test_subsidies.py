"""What an exchange lacks is paid by the house, up to the cap of its market, over real HTTP to the sandbox."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from marketplace.core import sweeps
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.markets.services import cancel_market
from marketplace.settlement import subsidies
from marketplace.settlement.models import Funding, Obligation
from marketplace.settlement.services import balances, fund_subsidy, standing
from tests.factories import Trader, buy, close_now, open_a_market
from tests.settlement.test_balances import paid_in
from tests.stripe_over_http import stripe_over_http  # noqa: F401 - a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"]),
    pytest.mark.usefixtures("stripe_over_http"),
]
DECLINED = "pm_card_chargeCustomerFail"


def fund(amount: int) -> Funding:
    return fund_subsidy(currency="EUR", amount_minor=amount, by="staff 1", reason="the spring exchange")


def house() -> tuple[int, int]:
    """What is left of all that was set aside, and what markets hold of it."""
    now = standing(subsidies.books("EUR"))
    return now.available_minor, now.held_minor


def exchange(cap: int, **stated: object) -> Market:
    return open_a_market(mechanism="vcg_exchange", params={"deficit_cap": cap}, lots=[{"id": "mwh"}], **stated)


def traded(market: Market, *buyers: Trader) -> Trader:
    """A buyer would pay 10.00, the seller would sell for 4.00; Clarke: the seller gets 10.00, the buyer pays 4.00."""
    seller = Trader(card=None, payout=True)
    for buyer in buyers:
        buyer.join(market, 10_00)
        buyer.bid(market, buy("mwh", 10_00))
    seller.join(market, 0)
    seller.bid(market, buy("mwh", -4_00, -1))
    close_now(market)
    for _ in range(8):
        sweeps.run_due()
    market.refresh_from_db()
    assert market.state == "settled"
    return seller


def test_the_house_pays_what_is_missing_up_to_the_cap():
    paid_in(Trader(), 50_00)  # the platform's own, at Stripe
    fund(20_00)
    market = exchange(8_00)
    assert house() == (12_00, 8_00)
    seller = traded(market, Trader())
    books = balances(market.journal)
    assert (books[f"payee:{seller.agent.principal.ref}"], books["balance:house:EUR"]) == (10_00, -6_00)
    assert house() == (14_00, 0)


def test_past_the_cap_the_round_is_void_and_nothing_is_paid_in():
    fund(20_00)
    market = exchange(5_99)
    traded(market, Trader())
    assert (market.rounds.get().status, Obligation.objects.exists(), house()) == ("void", False, (20_00, 0))


def test_a_market_that_the_house_cannot_carry_does_not_open():
    fund(5_00)
    first = exchange(3_00)
    with pytest.raises(Refusal) as refused:
        exchange(3_00)
    told = {"available_minor": 2_00, "needed_minor": 3_00}
    assert (refused.value.code, refused.value.extra) == ("subsidy_too_low", told)
    cancel_market(market=first, reason="a mistake")
    assert house() == (5_00, 0)
    assert exchange(3_00).state == "open"


def test_a_round_that_was_not_paid_leaves_the_subsidy_to_the_next():
    fund(20_00)
    market = exchange(8_00, money="charge")
    seller = traded(market, Trader(card=DECLINED))
    assert (market.rounds.count(), house()) == (2, (20_00, 0))
    assert balances(market.journal).get(f"payee:{seller.agent.principal.ref}", 0) == 0


def test_a_clerk_sets_money_aside_and_says_why():
    clerk, client = User.objects.create_user("clerk", is_staff=True), Client()
    clerk.groups.add(Group.objects.get(name="settlement clerk"))
    client.force_login(clerk)
    form = {"currency": "EUR", "amount_minor": "500", "reason": "the spring exchange"}
    assert client.post("/admin/settlement/funding/add/", form).status_code == 302
    row = Funding.objects.get()
    assert (row.by, row.reason, house()) == (f"staff {clerk.pk}", "the spring exchange", (5_00, 0))
    assert "5.00 EUR" in client.get("/admin/settlement/funding/").content.decode()
    client.post("/admin/settlement/funding/add/", {**form, "amount_minor": "-1"})
    assert Funding.objects.count() == 1


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({"currency": "EUR", "amount_minor": 0, "reason": "x"}, "funding_out_of_bounds"),
        ({"currency": "XXX", "amount_minor": 5, "reason": "x"}, "funding_out_of_bounds"),
        ({"currency": "EUR", "amount_minor": 5, "reason": " "}, "reason_missing"),
    ],
)
def test_fundings_that_are_refused(stated, code):
    with pytest.raises(Refusal) as refused:
        fund_subsidy(by="staff 1", **stated)
    assert refused.value.code == code
