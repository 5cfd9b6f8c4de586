"""Intake: what is acknowledged is stored, numbered without gaps, in before the close, and stored once."""

import asyncio
import json
import threading
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

import mechanisms
from marketplace.bidding import participations
from marketplace.bidding.books import Books
from marketplace.bidding.intake import Committer, make_store
from marketplace.bidding.models import Bid, Participation
from marketplace.bidding.participations import join_market
from marketplace.bidding.submissions import read_submission
from marketplace.core import limits, streams
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.markets.services import close_market
from marketplace.markets.terms import terms_of
from marketplace.settlement.models import PaymentMethod
from marketplace.settlement.services import add_payment_method
from mechanisms.spec import Sizes
from tests.factories import Trader, buy, close_now, open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def refusal_of(act, *arguments, **named) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act(*arguments, **named)
    return caught.value


def submission(trader: Trader, market: Market, body: dict, key: str | None = None):
    return read_submission(
        value=body, key=key or str(uuid.uuid4()), identity=trader.identity, terms=terms_of(market.ref)
    )


def commit_group(group: list) -> list:
    """One group through the real store."""

    async def commit() -> list:
        store = make_store()
        try:
            return await store.commit(group)
        finally:
            await store.close()

    return asyncio.run(commit())


def test_a_bid_is_stored_as_it_was_and_told_to_its_bidder() -> None:
    market, trader = open_a_market(), Trader()
    participation = trader.join(market)
    decision = trader.bid(market, buy("room", 5000))
    bid = Bid.objects.get()
    assert (bid.ref, bid.seq, bid.status) == (decision.bid.ref, 1, "accepted")
    events = streams.read(participation.stream)
    assert [event.kind for event in events] == ["participation.active", "bid.accepted"]
    assert json.loads(events[1].payload) == {"bid": bid.ref, "receipt": bid.receipt}


def test_a_replacement_names_what_it_replaces() -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    first = trader.bid(market, buy("room", 5000)).bid
    refusal = refusal_of(trader.bid, market, buy("room", 6000))
    assert (refusal.code, refusal.extra) == ("bid_stands", {"standing": first.ref})
    second = trader.bid(market, {**buy("room", 6000), "replaces": first.ref}).bid
    assert refusal_of(trader.bid, market, {**buy("room", 7000), "replaces": first.ref}).code == "bid_not_found"
    assert dict(Bid.objects.values_list("ref", "status")) == {first.ref: "replaced", second.ref: "accepted"}


def test_one_group_decides_every_bid_alone() -> None:
    """Good, over the limit, not joined, closed, repeated and replaced, in one transaction."""
    market, closed = open_a_market(), open_a_market()
    one, two, stranger = Trader(), Trader(), Trader()
    for trader in (one, two):
        trader.join(market, limit_minor=7500)
    one.join(closed)
    terms_of(closed.ref)
    close_now(closed)
    group = [
        submission(one, market, buy("room", 5000), key="a"),
        submission(one, market, buy("room", 5000), key="a"),
        submission(one, market, buy("room", 5500), key="a"),
        submission(two, market, buy("room", 7501)),
        submission(two, market, buy("room", 7500)),
        submission(stranger, market, buy("room", 1)),
        submission(one, closed, buy("room", 1)),
    ]
    decisions = commit_group(group)
    codes = [decision.refusal.code if decision.refusal else "stored" for decision in decisions]
    stored = ["stored", "stored", "idempotency_key_reused", "over_limit", "stored", "not_joined", "market_not_open"]
    assert codes == stored
    assert decisions[0].bid.ref == decisions[1].bid.ref
    assert [bid.seq for bid in Bid.objects.order_by("seq")] == [1, 2]


def test_two_bids_of_one_agent_in_one_group_are_decided_one_after_the_other() -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    first = trader.bid(market, buy("room", 5000)).bid
    again = {**buy("room", 5100), "replaces": first.ref}
    decisions = commit_group([submission(trader, market, again), submission(trader, market, again)])
    assert decisions[0].bid is not None
    assert (decisions[1].bid, decisions[1].refusal) == (None, None)  # not yet: for the committer's next group
    assert refusal_of(trader.bid, market, again).code == "bid_not_found"
    assert Bid.objects.filter(status="accepted").count() == 1


def test_a_failing_group_is_retried_bid_by_bid(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault is injected into the decision; a poisoned bid costs no other its place."""
    market, traders = open_a_market(), [Trader() for _ in range(4)]
    for trader in traders:
        trader.join(market)
    group = [submission(trader, market, buy("room", 5000)) for trader in traders]
    honest = Books.decide

    def failing(books: Books, submissions: list) -> list:
        decisions = honest(books, submissions)
        if group[2] in submissions:
            raise RuntimeError("the disk is full")
        return decisions

    monkeypatch.setattr(Books, "decide", failing)

    async def together() -> list:
        committer = Committer()
        committer.start()
        waiting = [committer.decide(submission) for submission in group]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        await committer.drain()
        return answers

    answers = asyncio.run(together())
    assert [isinstance(answer, Refusal) for answer in answers] == [False, False, True, False]
    assert answers[2].code == "intake_busy"
    assert sorted(Bid.objects.values_list("seq", flat=True)) == [1, 2, 3]


def test_the_queue_is_bounded_and_who_has_gone_is_not_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    monkeypatch.setattr(limits, "INTAKE_QUEUE", 1)

    first, second, third = (submission(trader, market, buy("room", 5000 + n)) for n in range(3))

    async def crowd() -> tuple:
        committer = Committer()
        committer.start()
        gone = committer._enqueue(first)  # the committer's task has not had its turn yet
        with pytest.raises(Refusal) as caught:
            committer._enqueue(second)
        gone.cancel()
        await asyncio.sleep(0.05)
        stored = await committer.decide(third)
        await committer.drain()
        return caught.value.status, stored.bid

    status, stored = asyncio.run(crowd())
    assert status == 429
    assert Bid.objects.get().ref == stored.ref


def test_agents_racing_the_close_what_is_acknowledged_is_what_is_in_before_it() -> None:
    """Threads bid while the market closes: no acknowledgement without a bid, none dated past the close."""
    market, traders = open_a_market(), [Trader() for _ in range(8)]
    for trader in traders:
        trader.join(market)
    terms_of(market.ref)
    Market.objects.filter(pk=market.pk).update(closes_at=timezone.now() + timedelta(milliseconds=250))
    acknowledged, refused, stop = set(), [], threading.Event()

    def bid(trader: Trader) -> None:
        body, standing = buy("room", 5000), None
        while not stop.is_set():
            try:
                standing = trader.bid(market, body | ({"replaces": standing} if standing else {})).bid.ref
                acknowledged.add(standing)
            except Refusal as refusal:
                refused.append(refusal.code)
                break
        connection.close()

    threads = [threading.Thread(target=bid, args=(trader,)) for trader in traders]
    for thread in threads:
        thread.start()
    while close_market(market=market) is None:
        pass
    for thread in threads:
        thread.join(20)
    stop.set()
    market.refresh_from_db()
    assert set(refused) == {"market_not_open"}
    assert len(refused) == len(traders)
    rows = Bid.objects.order_by("seq")
    assert {bid.ref for bid in rows} == acknowledged
    assert [bid.seq for bid in rows] == list(range(1, len(rows) + 1))
    assert all(bid.at < market.closes_at for bid in rows)


def test_joining_twice_resumes_or_refuses() -> None:
    market, trader = open_a_market(), Trader()
    act = {"market": market, "identity": trader.identity}
    first = join_market(**act, limit_minor=5000, key="k")
    assert join_market(**act, limit_minor=5000, key="k").ref == first.ref
    assert refusal_of(join_market, **act, limit_minor=7500, key="k").code == "idempotency_key_reused"
    assert refusal_of(join_market, **act, limit_minor=5000, key="other").code == "already_joined"
    assert refusal_of(join_market, **act, limit_minor=-1, key="x").code == "out_of_range"
    market.refresh_from_db()
    assert (market.participants, Participation.objects.count()) == (1, 1)


def test_a_market_takes_as_many_bidders_as_its_rule_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(participations, "rule", lambda slug: replace(mechanisms.get(slug), sizes=Sizes(bids=2)))
    market, first, second, late = open_a_market(), Trader(), Trader(), Trader()
    first.join(market)
    second.join(market)
    assert refusal_of(late.join, market).code == "market_full"
    assert refusal_of(second.join, market).code == "already_joined"


def test_a_declined_card_may_try_again_with_another() -> None:
    market, trader = open_a_market(), Trader(card="pm_card_chargeCustomerFail")
    refusal = refusal_of(trader.join, market)
    assert (refusal.status, refusal.code) == (402, "payment_declined")
    assert "100.00 EUR" in refusal.detail
    PaymentMethod.objects.filter(principal=trader.agent.principal).update(state="removed")
    add_payment_method(principal=trader.agent.principal, token="pm_card_visa")
    assert trader.join(market).state == "active"


def test_without_a_card_there_is_no_limit_but_zero() -> None:
    market, seller = open_a_market(mechanism="double_auction"), Trader(card=None)
    assert refusal_of(seller.join, market, 5000).code == "payment_method_needed"
    assert seller.join(market, 0).state == "active"
    offer = {"steps": [{"lot": "room", "quantity": -1, "price": 5000}]}
    assert seller.bid(market, offer).bid.ref == Bid.objects.get().ref
