"""Withdrawals: decided in the bids' own groups, told once, and never after the close."""

import json

import pytest

from marketplace.bidding.intake import committer
from marketplace.bidding.models import Bid
from marketplace.bidding.withdrawals import Withdrawal
from marketplace.clearing.problems import build_problem
from marketplace.clearing.release import released_bids
from marketplace.core import streams
from marketplace.markets.models import Market
from marketplace.markets.services import close_market
from marketplace.markets.terms import terms_of
from tests.bidding.test_intake import commit_group, submission
from tests.factories import Trader, buy, close_now, open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def withdrawal(trader: Trader, market: Market, ref: str) -> Withdrawal:
    return Withdrawal(terms_of(market.ref), trader.identity, ref)


def codes(decisions: list) -> list[str]:
    """In short what became of each act of a group."""
    return [d.refusal.code if d.refusal else "done" if d.bid else "later" for d in decisions]


def test_one_group_decides_bids_and_withdrawals_beside_each_other() -> None:
    market, other = open_a_market(), open_a_market()
    one, two, three = Trader(), Trader(), Trader()
    seats = {trader: trader.join(market) for trader in (one, two, three)}
    first, second = (trader.bid(market, buy("room", 5000)).bid.ref for trader in (one, two))
    group = [
        withdrawal(one, market, first),
        withdrawal(one, market, first),
        submission(one, market, buy("room", 7000)),
        submission(two, market, {**buy("room", 6000), "replaces": second}),
        withdrawal(two, market, second),
        submission(three, market, buy("room", 5500)),
        withdrawal(three, market, first),
        withdrawal(one, other, first),
        withdrawal(one, market, "bid_none"),
    ]
    at_once = ["done", "later", "later", "done", "later", "done", "bid_not_found", "bid_not_found", "bid_not_found"]
    assert codes(commit_group(group)) == at_once
    assert codes(commit_group(group[:5])) == ["done", "done", "done", "done", "bid_replaced"]
    assert [row.status for row in Bid.objects.order_by("seq")][:2] == ["withdrawn", "replaced"]
    assert [row.seq for row in Bid.objects.order_by("seq")] == [1, 2, 3, 4, 5]
    told = streams.read(seats[one].stream)
    kinds = ["participation.active", "bid.accepted", "bid.withdrawn", "bid.accepted"]
    assert [(event.seq, event.kind) for event in told] == list(enumerate(kinds, 1))
    assert json.loads(told[2].payload) == {"bid": first}


def test_a_withdrawn_bid_takes_no_part_and_none_is_withdrawn_after_the_close() -> None:
    market, one, two = open_a_market(), Trader(), Trader()
    for trader in (one, two):
        trader.join(market)
    first, second = (trader.bid(market, buy("room", 5000)).bid.ref for trader in (one, two))
    assert committer.submit(withdrawal(one, market, first)).result(30).bid.ref == first
    close_now(market)
    assert codes(commit_group([withdrawal(one, market, first), withdrawal(two, market, second)])) == [
        "done",
        "market_not_open",
    ]
    round_ = close_market(market=market)
    bids = released_bids(round_=round_)
    market.refresh_from_db()
    assert [bid["agent"] for bid in build_problem(market, bids)["bids"]] == [
        Bid.objects.get(ref=second).participation.ref
    ]
