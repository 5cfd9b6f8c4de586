"""Self-dealing: who shares a person or a card with a seller does not bid on its lot, and a principal bids once."""

import pytest
from django.contrib.auth.models import User

from marketplace.agents.models import Agent, Principal
from marketplace.core.refusals import Refusal
from marketplace.settlement.models import PaymentMethod, PayoutAccount
from tests.factories import Trader, buy, open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def refused(act, *arguments) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act(*arguments)
    return caught.value


def share_person(*traders: Trader) -> None:
    user = User.objects.create_user("somebody")
    Principal.objects.filter(pk__in=[trader.identity.principal_id for trader in traders]).update(user=user)


def share_card(*traders: Trader) -> None:
    rows = PaymentMethod.objects.filter(principal_id__in=[trader.identity.principal_id for trader in traders])
    rows.update(fingerprint="Xt5EWLLDS7FJjR1c")
    for row in rows:
        PaymentMethod.objects.filter(pk=row.pk).update(token=f"pm_1{row.pk}")


def share_account(*traders: Trader) -> None:
    rows = PayoutAccount.objects.filter(principal_id__in=[trader.identity.principal_id for trader in traders])
    rows.update(stripe_account=rows[0].stripe_account)


@pytest.mark.parametrize("share", [share_person, share_card, share_account])
def test_who_shares_with_the_seller_does_not_join_its_market(share) -> None:
    seller, twin, stranger = Trader(payout=True), Trader(payout=share is share_account), Trader()
    share(seller, twin)
    market = open_a_market(lots=[{"id": "room", "seller": seller.agent.ref}])
    refusal = refused(twin.join, market)
    assert (refusal.status, refusal.code) == (403, "self_dealing")
    assert refused(seller.join, market).code == "self_dealing"
    assert stranger.join(market).state == "active"


def test_stripe_s_test_cards_are_everybody_s() -> None:
    seller, buyer = Trader(payout=True), Trader()
    assert len(set(PaymentMethod.objects.values_list("fingerprint", flat=True))) == 1
    market = open_a_market(lots=[{"id": "room", "seller": seller.agent.ref}])
    assert buyer.join(market).state == "active"


def test_among_several_lots_only_those_of_others_may_be_bid_on() -> None:
    seller, twin, other = Trader(payout=True), Trader(), Trader(payout=True)
    share_person(seller, twin)
    lots = [{"id": "a", "seller": seller.agent.ref}, {"id": "b", "seller": other.agent.ref}]
    market = open_a_market(mechanism="vcg", lots=lots)
    twin.join(market)
    refusal = refused(twin.bid, market, buy("a", 5000))
    assert (refusal.code, "'a'" in refusal.detail) == ("self_dealing", True)
    assert twin.bid(market, buy("b", 5000)).bid is not None


def test_with_two_sides_who_shares_does_not_trade_against_itself() -> None:
    one, twin = Trader(), Trader()
    share_person(one, twin)
    market = open_a_market(mechanism="double_auction")
    one.join(market)
    assert refused(twin.join, market).code == "self_dealing"


def test_one_bidder_a_principal_unless_the_market_says_otherwise() -> None:
    first, second = Trader(), Trader()
    Agent.objects.filter(pk=second.agent.pk).update(principal=first.agent.principal)
    second.agent.refresh_from_db()
    identity = second.identity
    object.__setattr__(identity, "principal_id", first.identity.principal_id)
    strict, lenient = open_a_market(), open_a_market(several_agents=True)
    for market in (strict, lenient):
        first.join(market)
    refusal = refused(second.join, strict)
    assert (refusal.status, refusal.code) == (409, "one_bidder_a_principal")
    assert second.join(lenient).state == "active"
