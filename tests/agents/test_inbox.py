"""The inbox: over all markets of an agent, without gaps, in the transaction that makes each event true."""

import json

import pytest
from django.db import transaction

from marketplace.agents.inbox import inbox_of, tell
from marketplace.core import streams
from marketplace.core.models import Event
from marketplace.markets.services import cancel_market
from tests.factories import Trader, buy, close_now, open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])


def inbox(trader: Trader) -> list[tuple[str, dict]]:
    """(kind, data) of each event, the numbers checked."""
    rows = streams.read(inbox_of(trader.agent.ref))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    return [(row.kind, json.loads(row.payload)) for row in rows]


def test_what_happens_in_all_of_an_agents_markets_comes_to_its_inbox_and_to_no_other(swept):
    seller, winner, loser, stranger = Trader(card=None, payout=True), Trader(), Trader(), Trader()
    sold = open_a_market(lots=[{"id": "room", "seller": seller.agent.ref}])
    called_off = open_a_market()
    for trader in (winner, loser):
        trader.join(sold)
    winner.join(called_off)
    winner.bid(sold, buy("room", 5000))
    loser.bid(sold, buy("room", 4000))
    cancel_market(market=called_off, reason="rain")
    close_now(sold)
    swept()
    assert [(kind, data["market"]) for kind, data in inbox(winner)] == [
        ("participation.active", sold.ref),
        ("participation.active", called_off.ref),
        ("market.cancelled", called_off.ref),
        ("contract.accepted", sold.ref),
        ("round.cleared", sold.ref),
        ("market.settled", sold.ref),
    ]
    assert [data["won"] for kind, data in inbox(winner) + inbox(loser) if kind == "round.cleared"] == [True, False]
    assert inbox(stranger) == []


def test_an_event_and_its_copy_come_together_or_not_at_all():
    trader = Trader()
    trader.join(market := open_a_market())
    before = Event.objects.count()
    with transaction.atomic():
        streams.append(market.stream, "round.failed", {"n": 1})
        tell(agent_ref=trader.agent.ref, kind="checkin.asked", facts={"checkin": "chk_x"})
        transaction.set_rollback(True)
    assert Event.objects.count() == before
    with transaction.atomic():
        streams.append(market.stream, "round.failed", {"n": 1})
    assert inbox(trader)[-1] == ("round.failed", {"market": market.ref, "n": 1})


def test_many_streams_of_different_growth_keep_their_heads():
    """Heads are written in one statement a rise; each stream must get its own."""
    for name in "abc":
        streams.open_stream(name)
    streams.forward("a", "c", {"from": "a"})
    streams.forward("b", "c", {"from": "b"})
    with transaction.atomic():
        heads = streams.append_all([streams.Entry(name, "k", {"n": n}) for n in range(2) for name in "ab"])
        assert heads == {"a": 2, "b": 2, "c": 4}
        assert streams.append_all([streams.Entry("a", "k", {}, forwarded=False)]) == {"a": 3}
    assert [json.loads(row.payload)["from"] for row in streams.read("c")] == ["a", "b", "a", "b"]
    with transaction.atomic():
        assert streams.append("c", "k", {}) == 5
