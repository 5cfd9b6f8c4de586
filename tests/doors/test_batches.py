"""Batches of bids: each decided alone, answered in order, repeated safely, the same round Django and through it."""

import asyncio
import json
import uuid

import pytest

from marketplace.agents.models import ApiKey
from marketplace.agents.services import revoke_key
from marketplace.bidding.intake import Committer
from marketplace.bidding.models import Bid
from marketplace.bidding.submissions import read_submission
from marketplace.core import limits
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market
from marketplace.markets.terms import terms_of
from tests.factories import Trader, buy, close_now, open_a_market
from tests.server import HTTP, Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
DOORS = {"hot": "application/json", "drf": "application/json, text/html;q=0.1"}


def post(
    server: Server, market: Market, trader: Trader, body: object, key: str, door: str = "hot"
) -> tuple[int, bytes]:
    """A batch at one door."""
    url = f"{server.url}/api/v1/markets/{market.ref}/bid-batches/"
    headers = trader.headers(key) | {"Accept": DOORS[door], "Content-Type": "application/json"}
    response = HTTP.post(url, content=json.dumps(body), headers=headers)
    return response.status_code, response.content


def codes(body: bytes) -> list[str]:
    """What became of each bid, in a word."""
    return [
        "stored" if result["status"] == 201 else result["problem"]["code"] for result in json.loads(body)["results"]
    ]


def joined(market: Market, count: int) -> list[Trader]:
    traders = [Trader() for _ in range(count)]
    for trader in traders:
        trader.join(market)
    return traders


@pytest.mark.parametrize("door", DOORS)
def test_each_bid_is_decided_alone_and_a_repeat_gets_the_same_bytes(doors_only: Server, door: str) -> None:
    market = open_a_market()
    one, two, three, gone = joined(market, 4)
    stranger = Trader()
    revoke_key(key=ApiKey.objects.get(agent=gone.agent))
    batch = {
        "bids": [
            {"bid": buy("room", 5000)},
            {"bid": buy("room", 5000), "agent_key": two.key},
            {"bid": buy("room", 5100), "agent_key": two.key},
            {"bid": buy("room", 10_001), "agent_key": three.key},
            {"bid": buy("attic", 5000), "agent_key": three.key},
            {"bid": {"atoms": [{"bundle": {"room": 1}, "value": 1.5}]}, "agent_key": three.key},
            {"bid": [], "agent_key": three.key},
            {"bid": buy("room", 1), "agent_key": stranger.key},
            {"bid": buy("room", 1), "agent_key": gone.key},
            {"bid": buy("room", 1), "agent_key": "wk_test_unknown"},
            {"bid": buy("room", 9000), "agent_key": three.key},
        ]
    }
    status, first = post(doors_only, market, one, batch, "k", door)
    wanted = ["stored", "stored", "bid_stands", "over_limit", "unknown_lot", "not_an_integer", "not_an_object"]
    assert (status, codes(first)) == (200, [*wanted, "not_joined", "key_revoked", "key_unknown", "stored"])
    document = json.loads(first)
    pointers = [result.get("problem", {}).get("pointer") for result in document["results"]]
    assert pointers[4:7] == ["/bids/4/bid/atoms/0/bundle/attic", "/bids/5/bid/atoms/0/value", "/bids/6/bid"]
    assert document["accepted"] == 3 == Bid.objects.count()
    acknowledged = {result["bid"]["id"] for result in document["results"] if result["status"] == 201}
    assert acknowledged == set(Bid.objects.values_list("ref", flat=True))
    other_door = next(name for name in DOORS if name != door)
    assert post(doors_only, market, one, batch, "k", other_door) == (200, first)
    assert Bid.objects.count() == 3


def test_a_key_is_bound_to_its_batch(doors_only: Server) -> None:
    market = open_a_market()
    one, two = joined(market, 2)
    batch = {"bids": [{"bid": buy("room", 5000)}]}
    assert post(doors_only, market, one, batch, "k")[0] == 200
    longer = {"bids": [*batch["bids"], {"bid": buy("room", 5000), "agent_key": two.key}]}
    status, body = post(doors_only, market, one, longer, "k")
    assert (status, json.loads(body)["code"]) == (409, "idempotency_key_reused")
    assert Bid.objects.count() == 1


@pytest.mark.parametrize("door", DOORS)
def test_what_is_refused_as_a_whole(doors_only: Server, door: str) -> None:
    market = open_a_market()
    (one,) = joined(market, 1)
    item = {"bid": buy("room", 5000)}
    bad = {
        "batch_size": [{"bids": []}, {"bids": [item] * (limits.BATCH_BIDS + 1)}],
        "wrong_type": [{"bids": item}, {"bids": ["x"]}],
        "missing_field": [{}, {"bids": [{}]}],
        "unknown_field": [{"bids": [{**item, "bit": 1}]}],
        "body_too_large": [{"bids": [item], "x": "x" * limits.BATCH_BYTES}],
        "too_deep": [{"bids": [{"bid": json.loads("[" * 33 + "]" * 33)}]}],
    }
    for code, bodies in bad.items():
        for body in bodies:
            status, said = post(doors_only, market, one, body, str(uuid.uuid4()), door)
            assert (400 <= status < 500, json.loads(said)["code"]) == (True, code)
    assert Bid.objects.count() == 0


def test_a_full_batch_is_stored_and_none_after_the_close(doors_only: Server) -> None:
    """More than one group holds: the rest follows in the next; numbers stay without a gap."""
    market = open_a_market()
    traders = joined(market, 3)
    padding = [{"bid": buy("room", 1), "agent_key": f"wk_test_{n}"} for n in range(limits.BATCH_BIDS - 3)]
    batch = {"bids": [*padding, *({"bid": buy("room", 5000), "agent_key": trader.key} for trader in traders)]}
    status, body = post(doors_only, market, traders[0], batch, "k")
    assert (status, codes(body)[-3:]) == (200, ["stored"] * 3)
    close_now(market)
    late = {"bids": [{"bid": buy("room", 6000)}]}
    status, body = post(doors_only, market, traders[0], late, "l")
    assert (status, codes(body)) == (200, ["market_not_open"])
    assert list(Bid.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]


def test_a_batch_that_finds_no_room_is_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    market = open_a_market()
    traders = joined(market, 3)
    monkeypatch.setattr(limits, "INTAKE_QUEUE", 2)
    terms = terms_of(market.ref)
    acts = [
        read_submission(value=buy("room", 5000), key="k", identity=trader.identity, terms=terms) for trader in traders
    ]

    async def crowd() -> Refusal:
        committer = Committer()
        committer.start()
        with pytest.raises(Refusal) as caught:
            await committer.decide_all(acts)
        assert [decision.refusal for decision in await committer.decide_all(acts[:2])] == [None, None]
        await committer.drain()
        return caught.value

    assert asyncio.run(crowd()).status == 429
    assert Bid.objects.count() == 2
