"""Requests: a buyer's sealed worth, sellers' menus, one offer taken; and what is refused of either by name."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from marketplace.clearing.explanations import outcome_answer
from marketplace.clearing.models import Contract
from marketplace.clearing.packages import package_answer, verify_again
from marketplace.core.refusals import Refusal
from marketplace.core.signing import verified
from marketplace.markets.configuration import MarketConfiguration, checked
from marketplace.markets.models import Market
from marketplace.preferences.categories import write_category
from marketplace.settlement.models import Obligation
from marketplace.settlement.services import verify_journal
from tests.factories import ConfigurationFactory, Trader, close_now, open_a_market
from tests.settlement.test_balances import paid_in

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
WORTH = {"base": 10000, "values": {"view": {"sea": 3000, "yard": None}, "wifi": {"true": 1000}}}
ROOM = {"title": "A room", "attributes": {"view": {"type": "enum", "values": ["sea", "yard"]}}}


def requested(buyer: Trader, lot: dict[str, Any] | None = None, **stated: Any) -> Market:
    lots = [{"id": "stay", "buyer": buyer.agent.ref, **(lot or {})}]
    return open_a_market(mechanism="scoring_auction", lots=lots, disclosure="own_only", **stated)


def offer(name: str, ask: int, **attributes: Any) -> dict[str, Any]:
    return {"id": name, "attributes": attributes, "ask": ask}


def sellers(market: Market, *menus: list[dict[str, Any]]) -> list[Trader]:
    found = []
    for menu in menus:
        seller = Trader(card=None, payout=True)
        seller.join(market, 0)
        seller.bid(market, {"offers": menu})
        found.append(seller)
    return found


def refusal(act: Any, *arguments: Any) -> tuple[int, str, str | None]:
    with pytest.raises(Refusal) as caught:
        act(*arguments)
    return caught.value.status, caught.value.code, caught.value.pointer


def paid() -> list[tuple[str, int, str]]:
    return [(row.kind, row.amount_minor, row.state) for row in Obligation.objects.order_by("kind")]


@pytest.mark.parametrize(
    ("pricing", "price", "money"),
    [("second_score", 12000, "authorise"), ("second_score", 12000, "prepaid"), ("first_score", 9000, "charge")],
)
def test_the_best_offer_is_taken_and_paid_by_the_rule(
    swept: Callable[[], int], pricing: str, price: int, money: str
) -> None:
    buyer = Trader()
    if money == "prepaid":
        paid_in(buyer, 20000)
    market = requested(buyer, params={"pricing": pricing}, money=money, fee_bp=100)
    buyer.join(market, 15000)
    buyer.bid(market, {"worth": WORTH})
    first, _ = sellers(
        market,
        [offer("sea", 9000, view="sea", wifi=True), offer("yard", 1, view="yard")],
        [offer("hill", 8000, view="hill"), offer("dear", 14000, view="sea")],
    )
    close_now(market)
    swept()
    market.refresh_from_db()
    assert (market.state, verify_journal(journal=market.journal), verify_again(market)[1]) == ("settled", [], [])
    # sea is worth 14,000 and leaves 5,000 by its ask; hill leaves 2,000: by second score sea is paid 12,000
    owed = Obligation.objects.filter(kind="collect", round_ref=market.rounds.get().ref)
    assert [(row.amount_minor, row.state) for row in owed] == [(price, "paid")]
    contract = Contract.objects.get()
    claims = verified(contract.document)
    assert (contract.seller, claims["goods"][0]["attributes"]) == (first.agent, {"view": "sea", "wifi": True})
    told = outcome_answer(market, None)
    assert told["traded"] == {"stay": 1}
    assert not {"problem", "welfare", "curves"} & set(told)
    with pytest.raises(Refusal, match="disclosure"):
        package_answer(market, first.identity)


def test_without_a_worth_or_an_offer_nothing_is_bought(swept: Callable[[], int]) -> None:
    buyer = Trader()
    silent, unanswered = requested(buyer), requested(buyer)
    for market in (silent, unanswered):
        buyer.join(market, 15000)
    sellers(silent, [offer("a", 0)])
    buyer.bid(unanswered, {"worth": WORTH})
    for market in (silent, unanswered):
        close_now(market)
    swept()
    assert [Market.objects.get(pk=each.pk).rounds.get().status for each in (silent, unanswered)] == ["no_trade"] * 2
    assert paid() == []


def test_a_category_binds_worth_and_offers(swept: Callable[[], int]) -> None:
    write_category(name="own-room/1", schema=ROOM)
    buyer = Trader()
    market = requested(buyer, {"category": "own-room/1", "attributes": {"view": "sea"}})
    buyer.join(market, 15000)
    terms = [{"attribute": "view", "table": {"sea": 3000}}]
    must = [{"attribute": "view", "eq": "sea"}]
    assert refusal(buyer.bid, market, {"worth": WORTH})[1] == "unknown_field"
    said = buyer.bid(market, {"worth": {"base": 10000, "terms": terms}, "must": must})
    assert said.bid is not None
    stranger = Trader(card=None, payout=True)
    stranger.join(market, 0)
    wrong = refusal(stranger.bid, market, {"offers": [offer("a", 1, pool=True)]})
    assert (wrong[0], wrong[2]) == (422, "/offers/0/attributes/pool")
    sellers(market, [offer("yard", 1, view="yard"), offer("sea", 9000, view="sea")])
    close_now(market)
    swept()
    assert [row[:2] for row in paid()] == [("collect", 13000), ("payout", 13000)]  # an only offer gets all it is worth


def test_who_may_say_what_is_refused_by_name() -> None:
    buyer, seller, unpayable = Trader(), Trader(card=None, payout=True), Trader()
    market = requested(buyer)
    assert refusal(unpayable.join, market, 0) == (409, "seller_not_payable", None)
    buyer.join(market, 10000)
    seller.join(market, 0)
    for trader, body, expected in (
        (buyer, {"worth": WORTH}, (403, "over_limit", None)),
        (buyer, {"offers": []}, (422, "not_your_side", "/offers")),
        (buyer, {"must": []}, (422, "missing_field", "/worth")),
        (buyer, {"worth": {"base": -1, "values": []}}, (422, "not_an_object", "/worth/values")),
        (buyer, {"atoms": []}, (422, "not_your_side", "/atoms")),
        (seller, {"worth": WORTH}, (422, "not_your_side", "/worth")),
        (seller, {"offers": [offer("a", -1)]}, (422, "out_of_range", "/offers/0/ask")),
        (seller, {"offers": [offer(f"o{n}", 1) for n in range(65)]}, (422, "too_many_pieces", "/offers")),
    ):
        assert refusal(trader.bid, market, body) == expected, body
    assert refusal(buyer.bid, open_a_market(), {"worth": WORTH}) == (422, "unknown_field", "/worth")


def test_a_configuration_that_is_no_request_is_refused() -> None:
    agent = Trader(payout=True).agent.ref
    lot = {"id": "stay", "buyer": agent}
    for stated, expected in (
        ({"lots": [{"id": "stay"}]}, ("buyer_missing", "/lots/0/buyer")),
        ({"lots": [lot, {**lot, "id": "b"}]}, ("lots_out_of_bounds", "/lots")),
        ({"lots": [{**lot, "seller": agent}]}, ("seller_misplaced", "/lots/0")),
        ({"lots": [{**lot, "reserve": 5}]}, ("seller_misplaced", "/lots/0")),
        ({"lots": [lot], "accept_within_s": 5}, ("acceptance_out_of_bounds", "/accept_within_s")),
        ({"lots": [lot], "money": "charge", "on_default": "next_best"}, ("on_default_misplaced", "/on_default")),
        ({"lots": [lot], "mechanism": "second_price"}, ("buyer_misplaced", "/lots/0/buyer")),
    ):
        config = ConfigurationFactory(**{"mechanism": "scoring_auction", **stated})
        assert refusal(checked, msgspec.convert(config, MarketConfiguration))[1:] == expected, stated
