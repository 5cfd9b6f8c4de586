"""Stop: no key works, what stands is taken back, and what could not be is said."""

import pytest

from marketplace.agents.models import ApiKey
from marketplace.bidding.models import Bid
from marketplace.bidding.stopping import stop_trading
from marketplace.core.refusals import Refusal
from marketplace.mandates import documents
from marketplace.mandates.grants import make_subagent
from marketplace.markets.services import close_market
from tests.factories import buy, close_now, open_a_market
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
