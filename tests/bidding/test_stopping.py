"""Stop: no key works, what stands is taken back, and what could not be is said."""

import pytest

from marketplace.agents.models import ApiKey
from marketplace.bidding.models import Bid, Move
from marketplace.bidding.stopping import stop_trading
from marketplace.core.refusals import Refusal
from marketplace.mandates import documents
from marketplace.mandates.grants import make_subagent
from marketplace.markets.services import close_market
from tests.factories import Trader, buy, close_now, open_a_haggle, open_a_market
from tests.mandates.people import Person, swept

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
ASKS = {"alone": [{"when": {"currency": "EUR", "up_to_minor": 10000}}]}


def test_stopping_takes_back_what_may_be_and_says_what_could_not():
    person = Person(ASKS)
    _, key = make_subagent(parent=person.agent, name="sub", document=documents.read(ASKS))
    open_, over, asked = (open_a_market(title=title) for title in ("Open", "Over", "Asked"))
    for market in (open_, over):
        person.join(market, 10000)
        person.bid(market, buy("room", 9000))
    person.join(asked, 15000)
    person.join_as(key, open_a_market(title="Below"), 5000)
    close_now(over)
    close_market(market=over)
    done = stop_trading(agent=person.agent)
    assert (len(done.agents), done.withdrawn, done.unasked) == (2, ["Open"], 1)
    assert sorted(done.left) == [
        "Below: it holds 50.00 EUR until the market ends, and can be charged nothing without a bid.",
        "Open: it holds 100.00 EUR until the market ends, and can be charged nothing without a bid.",
        "Over: bidding is over; it may still cost up to 100.00 EUR.",
    ]
    assert not ApiKey.objects.filter(revoked_at=None).exists()
    assert dict(Bid.objects.values_list("market__title", "status")) == {"Open": "withdrawn", "Over": "accepted"}
    with pytest.raises(Refusal) as caught:
        person.answer("yes")
    assert caught.value.code == "checkin_answered"
    again = stop_trading(agent=person.agent)
    assert (again.agents, again.withdrawn) == ([], [])


def test_what_a_cached_key_lets_in_is_taken_back_by_the_sweep():
    person, market = Person({}), open_a_market()
    person.join(market, 10000)
    stop_trading(agent=person.agent)
    person.bid(market, buy("room", 5000))  # as a process does that has the identity in its cache yet
    assert swept("bidding.stopped") == 1
    assert Bid.objects.get().status == "withdrawn"


def test_a_stopped_agent_leaves_the_tables_that_it_may_leave():
    person, miner, hotel = Person({}), Trader(card=None, payout=True), Trader(card=None, payout=True)
    coal = open_a_market(title="Coal", mechanism="continuous_double_auction", lots=[{"id": "coal"}])
    ring = open_a_market(title="Ring", mechanism="english", lots=[{"id": "ring"}])
    turn, offered = (open_a_haggle(hotel, title=title) for title in ("Turn", "Offered"))
    stay = {"price": 9000, "breakfast": "yes", "cancellation": "free"}
    for market in (coal, ring, turn, offered):
        person.join(market, 10000)
    miner.join(coal, 0)
    for market in (turn, offered):
        hotel.join(market, 0)
    for price in (100, 101):
        person.move(coal, "order", lot="coal", quantity=10, price=price)
    miner.move(coal, "order", lot="coal", quantity=-5, price=101)
    person.move(ring, "bid", amount=7000)
    hotel.move(turn, "offer", agreement=stay)
    person.move(offered, "offer", agreement=stay)
    done = stop_trading(agent=person.agent)
    assert sorted(done.left) == [
        f"{title}: what was offered or bid there stands; it may still cost up to {most} EUR."
        for title, most in (("Coal", "5.05"), ("Offered", "90.00"), ("Ring", "70.00"))
    ] + ["Turn: bidding is over; it may still cost up to 100.00 EUR."]  # it has not cleared: said on the safe side
    types = Move.objects.filter(participation__agent=person.agent).order_by("pk").values_list("market__title", "type")
    assert list(types)[-3:] == [("Coal", "cancel"), ("Coal", "cancel"), ("Turn", "walk_away")]
    turn.refresh_from_db()
    assert turn.state == "closed"
    with pytest.raises(Refusal) as caught:  # as a process does that has the identity in its cache yet
        person.move(ring, "bid", amount=8000)
    assert caught.value.code == "agent_stopped"
