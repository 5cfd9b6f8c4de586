"""Intake: what is acknowledged is stored, numbered without gaps, in before the close, and stored once."""

import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.bidding import groups, intake
from marketplace.bidding.intake import committer
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


def test_a_bid_is_stored_as_it_was_and_told_to_its_bidder() -> None:
    market, trader = open_a_market(), Trader()
    participation = trader.join(market)
    decision = trader.bid(market, buy("room", 5000))
    bid = Bid.objects.get()
    assert json.loads(bytes(bid.content)) == buy("room", 5000)
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
        trader.join(market, limit_minor=6000)
    one.join(closed)
    terms_of(closed.ref)
    close_now(closed)
    group = [
        submission(one, market, buy("room", 5000), key="a"),
        submission(one, market, buy("room", 5000), key="a"),
        submission(one, market, buy("room", 5500), key="a"),
        submission(two, market, buy("room", 6001)),
        submission(two, market, buy("room", 6000)),
        submission(stranger, market, buy("room", 1)),
        submission(one, closed, buy("room", 1)),
    ]
    decisions = groups.commit_group(group)
    codes = [decision.refusal.code if decision.refusal else decision.bid.seq for decision in decisions]
    assert codes == [1, 1, "idempotency_key_reused", "over_limit", 2, "not_joined", "market_not_open"]
    assert decisions[0].bid.ref == decisions[1].bid.ref
    assert [bid.seq for bid in Bid.objects.order_by("seq")] == [1, 2]


def test_within_one_group_a_bid_may_replace_the_one_before_it() -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    first = trader.bid(market, buy("room", 5000)).bid
    again = {**buy("room", 5100), "replaces": first.ref}
    decisions = groups.commit_group([submission(trader, market, again), submission(trader, market, again)])
    assert decisions[1].refusal.code == "bid_not_found"
    assert Bid.objects.filter(status="accepted").count() == 1


def test_a_failing_group_is_retried_bid_by_bid(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault is injected into the database call; a poisoned bid costs no other its place."""
    market, traders = open_a_market(), [Trader() for _ in range(4)]
    for trader in traders:
        trader.join(market)
    group = [intake.Waiting(submission(trader, market, buy("room", 5000))) for trader in traders]
    poison = group[2].submission.key_hash
    whole = groups._write

    def failing(books) -> None:
        if any(bid.key_hash == poison for bid in books.new):
            raise RuntimeError("the disk is full")
        whole(books)

    monkeypatch.setattr(groups, "_write", failing)
    committer._decide(group)
    results = [waiting.decision.exception() or waiting.decision.result().bid.seq for waiting in group]
    assert [result for result in results if isinstance(result, int)] == [1, 2, 3]
    assert results[2].code == "intake_busy"
    assert Bid.objects.count() == 3


def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    market, trader = open_a_market(), Trader()
    trader.join(market)
    small = intake.Committer()
    small._queue.maxsize = 1
    monkeypatch.setattr(small, "_ensure_running", lambda: None)
    waiting = small.submit(submission(trader, market, buy("room", 5000)))
    assert refusal_of(small.submit, submission(trader, market, buy("room", 5000))).status == 429
    waiting.cancel()  # its sender has gone: dropped undecided
    monkeypatch.undo()
    small._queue.maxsize = limits.INTAKE_QUEUE
    assert small.submit(submission(trader, market, buy("room", 5001))).result(30).bid.seq == 1
    small.stop()


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
    assert refusal_of(join_market, **act, limit_minor=6000, key="k").code == "idempotency_key_reused"
    assert refusal_of(join_market, **act, limit_minor=5000, key="other").code == "already_joined"
    assert refusal_of(join_market, **act, limit_minor=-1, key="x").code == "out_of_range"
    market.refresh_from_db()
    assert (market.participants, Participation.objects.count()) == (1, 1)


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
    assert seller.bid(market, offer).bid.seq == 1
