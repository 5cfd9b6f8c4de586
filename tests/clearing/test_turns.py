"""Markets of turns from their opening to settled money: moves in, time as moves, replayed by the child, paid once."""

import json
from collections.abc import Callable

import pytest

import mechanisms
from marketplace.bidding import turns
from marketplace.bidding.models import Move
from marketplace.clearing.explanations import outcome_answer
from marketplace.clearing.models import Contract
from marketplace.core import streams
from marketplace.core.refusals import Refusal
from marketplace.markets.models import Market, Round
from marketplace.settlement.models import Authorisation, Obligation
from marketplace.settlement.services import balances, verify_journal
from mechanisms.check import verify
from mechanisms.kinds import read_outcome, read_problem
from tests.factories import Trader, open_a_haggle, open_a_market, time_is_up

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
Sweep = Callable[[], int]
ROOM = {"price": 12000, "breakfast": "yes", "cancellation": "free"}


def settled(market: Market, swept: Sweep) -> Round:
    """The round of a market that its last move has ended; checked and played again by everybody who wants to."""
    swept()
    market.refresh_from_db()
    assert market.state == Market.State.SETTLED
    assert not verify_journal(journal=market.journal)
    round_ = market.rounds.get()
    problem = read_problem(round_.problem)
    again = mechanisms.run(market.mechanism, problem)
    assert again.to_json().decode() == round_.outcome
    assert verify(problem, read_outcome(round_.outcome)) == []
    return round_


def table(**stated: object) -> tuple[Market, Trader, Trader]:
    """A haggle that has begun."""
    hotel, guest = Trader(card=None, payout=True), Trader()
    market = open_a_haggle(hotel, **stated)
    hotel.join(market, 0)
    guest.join(market, 150_00)
    market.refresh_from_db()
    return market, hotel, guest


def refused(act: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    return caught.value


def paid() -> list[tuple[str, int, str]]:
    return [(o.kind, o.amount_minor, o.state) for o in Obligation.objects.order_by("kind")]


def test_two_haggle_to_a_contract_and_settled_money(swept: Sweep) -> None:
    market, hotel, guest = table()
    first = guest.move(market, "offer", agreement={**ROOM, "price": 9000})
    assert (first.turn["your_turn"], first.turn["legal"]) == (False, [])
    assert hotel.move(market, "offer", agreement={**ROOM, "price": 19000, "cancellation": "none"}).move.n == 2
    assert [each["type"] for each in turns_of(market, guest)["legal"]] == ["accept", "reject", "offer", "walk_away"]
    guest.move(market, "offer", agreement=ROOM)
    assert hotel.move(market, "accept").turn["over"] is True
    round_ = settled(market, swept)
    assert paid() == [("collect", 12000, "paid"), ("payout", 12000, "paid")]
    assert Authorisation.objects.get(amount_minor=150_00).state == "captured"
    assert sum(balances(market.journal).values()) == 0
    contract = Contract.objects.get()
    assert (contract.amount_minor, contract.seller, contract.participation.agent) == (12000, hotel.agent, guest.agent)
    answer = outcome_answer(market, contract.participation.ref)
    assert (answer["mine"]["agreement"], answer["mine"]["payment"]) == (ROOM, 12000)
    assert "agreement" not in outcome_answer(market, None)  # what the two agreed on is between them
    assert [row.kind for row in streams.read(market.stream)].count("move.made") == 0
    assert json.loads(round_.problem)["seed"] == market.seed


def turns_of(market: Market, trader: Trader) -> dict:
    """How it stands for a trader, read from the rows alone."""
    turns.forget_all()
    row = Market.objects.get(pk=market.pk)
    return turns.turn_of(turns.table_of(row), row.participations.get(agent=trader.agent).ref)


def test_silence_is_a_walk_away_and_the_deadline_is_a_move(swept: Sweep) -> None:
    market, hotel, guest = table()
    guest.move(market, "offer", agreement=ROOM)
    time_is_up(market)
    late = refused(lambda: hotel.move(market, "accept"))
    assert (late.status, late.code, late.extra["turn"]["over"]) == (409, "too_late", False)
    round_ = settled(market, swept)
    assert (round_.status, paid()) == ("disagreement", [])
    last = Move.objects.latest("n")
    assert (last.n, last.type, last.participation) == (2, "timeout", None)
    assert Authorisation.objects.get(amount_minor=150_00).state == "released"
    assert refused(lambda: hotel.move(market, "accept")).code == "market_not_open"


def test_a_haggle_to_which_nobody_came_is_cancelled_at_its_close(swept: Sweep) -> None:
    guest = Trader()
    market = open_a_haggle(Trader(card=None, payout=True))
    guest.join(market, 150_00)
    assert refused(lambda: guest.move(market, "offer", agreement=ROOM)).code == "not_begun"
    time_is_up(market)
    swept()
    market.refresh_from_db()
    assert (market.state, market.cancel_reason) == ("cancelled", "the other party did not come")
    assert Authorisation.objects.get().state == "released"


def test_moves_are_refused_by_name_and_change_nothing() -> None:
    market, hotel, guest = table(params={"answer_s": 60, "first": "buyer"})
    stranger, second = Trader(), Trader()
    cases = [
        (hotel, "offer", {"agreement": ROOM}, 409, "out_of_turn"),
        (guest, "accept", {}, 409, "illegal_move"),
        (guest, "offer", {"agreement": {**ROOM, "price": 12001}}, 422, "outside_domain"),
        (guest, "offer", {"agreement": {**ROOM, "pool": "yes"}}, 422, "unknown_issue"),
        (guest, "offer", {"agreement": {**ROOM, "price": 15500}}, 403, "over_limit"),
        (guest, "a" * 70, {}, 409, "illegal_move"),
        (stranger, "offer", {"agreement": ROOM}, 403, "not_joined"),
    ]
    for trader, kind, data, status, code in cases:
        found = refused(lambda trader=trader, kind=kind, data=data: trader.move(market, kind, **data))
        assert (found.status, found.code) == (status, code)
    assert refused(lambda: guest.move(market, "offer", n=5, agreement=ROOM)).code == "wrong_number"
    assert refused(lambda: second.join(market, 0)).code == "seat_taken"
    assert refused(lambda: guest.bid(market, {"atoms": []})).code == "takes_no_bids"
    assert not Move.objects.exists()
    made = guest.move(market, "offer", key="one", n=1, agreement=ROOM)
    again = guest.move(market, "offer", key="one", n=1, agreement=ROOM)
    assert (made.move.ref, made.nonce, made.turn) == (again.move.ref, again.nonce, again.turn)
    assert refused(lambda: guest.move(market, "walk_away", key="one")).code == "idempotency_key_reused"
    assert refused(lambda: guest.move(market, "accept")).code == "out_of_turn"  # nobody accepts its own offer
    assert Move.objects.count() == 1
    open_a_market()
    assert refused(lambda: guest.move(Market.objects.latest("pk"), "offer")).code == "takes_no_moves"


def test_a_buyer_cannot_accept_what_its_limit_does_not_bear() -> None:
    market, hotel, guest = table()
    hotel.move(market, "offer", agreement={**ROOM, "price": 15500})
    found = refused(lambda: guest.move(market, "accept"))
    assert (found.code, found.detail) == (
        "over_limit",
        "After this move you could owe 155.00 EUR; your limit here is 150.00 EUR.",
    )


def test_an_english_auction_ends_by_the_clock_and_keeps_the_proxy_to_itself(swept: Sweep) -> None:
    seller, ann, bob = Trader(card=None, payout=True), Trader(), Trader()
    lots = [{"id": "ring", "seller": seller.agent.ref, "reserve": 1000}]
    market = open_a_market(mechanism="english", params={"increments": [[None, 500]], "soft_close_s": 60}, lots=lots)
    assert refused(lambda: seller.join(market, 0)).code == "self_dealing"
    parts = [trader.join(market, 100_00) for trader in (ann, bob)]
    assert refused(lambda: ann.move(market, "bid", amount=10_001)).code == "over_limit"
    ann.move(market, "bid", amount=9000)
    assert refused(lambda: bob.move(market, "bid", amount=1100)).code == "bid_too_low"
    assert bob.move(market, "bid", amount=5000).turn["public"] == {
        "price": 5500, "leader": parts[0].ref, "bids": 2, "next_bid": 6000,
    }  # fmt: skip
    told = json.dumps([json.loads(row.payload) for row in streams.read(market.stream)])
    assert "9000" not in told
    assert "5500" in told
    mine = [json.loads(row.payload) for row in streams.read(parts[0].stream) if row.kind == "position.changed"]
    assert [each["private"] for each in mine] == [{"highest_bid": 9000}]
    assert b"9000" not in bytes(Move.objects.get(n=1).data.locked_for("x"))
    time_is_up(market)
    assert settled(market, swept).status == "cleared"
    assert paid() == [("collect", 5500, "paid"), ("payout", 5500, "paid")]


def test_a_late_bid_keeps_an_english_auction_open() -> None:
    ann = Trader()
    market = open_a_market(mechanism="english", params={"soft_close_s": 7200}, closes_in_s=3600)
    ann.join(market)
    ann.move(market, "bid", amount=100)
    before, market = market, Market.objects.get(pk=market.pk)
    assert market.closes_at == market.turn_due_at > before.closes_at


def test_a_dutch_clock_falls_by_itself_until_somebody_takes(swept: Sweep) -> None:
    seller, ann = Trader(card=None, payout=True), Trader()
    lots = [{"id": "flower", "seller": seller.agent.ref, "reserve": 200, "supply": 2}]
    params = {"start": 1000, "decrement": 300, "tick_s": 5}
    market = open_a_market(mechanism="dutch", params=params, lots=lots)
    ann.join(market, 12_00)
    assert refused(lambda: ann.move(market, "accept", quantity=2)).code == "over_limit"
    time_is_up(market)
    swept()
    assert turns_of(market, ann)["public"]["price"] == 700
    assert refused(lambda: ann.move(market, "accept", price=699)).code == "price_moved"
    ann.move(market, "accept")
    assert refused(lambda: ann.move(market, "accept")).code == "over_limit"  # 14.00 in all
    for _ in range(3):
        time_is_up(market)
        swept()
    settled(market, swept)
    assert paid() == [("collect", 700, "paid"), ("payout", 700, "paid")]
    assert list(Move.objects.order_by("n").values_list("type", flat=True)) == [
        "timeout", "accept", "timeout", "timeout", "timeout",
    ]  # fmt: skip


def test_an_order_book_trades_and_pays(swept: Sweep) -> None:
    miner, smith, rich = Trader(card=None, payout=True), Trader(), Trader()
    market = open_a_market(mechanism="continuous_double_auction", lots=[{"id": "coal"}])
    miner.join(market, 0)
    smith.join(market, 10_00)
    rich.join(market, 50_00)
    smith.move(market, "order", lot="coal", quantity=3, price=300)
    assert refused(lambda: smith.move(market, "order", lot="coal", quantity=1, price=101)).code == "over_limit"
    smith.move(market, "order", lot="coal", quantity=1, price=100)
    miner.move(market, "order", lot="coal", quantity=-5, price=250)
    assert turns_of(market, miner)["private"]["orders"] == [{"order": 3, "lot": "coal", "quantity": -2, "price": 250}]
    assert refused(lambda: miner.move(market, "order", lot="coal", quantity=1, limit_total=250)).code == "self_trade"
    assert refused(lambda: rich.move(market, "cancel", order=3)).code == "no_such_order"
    rich.move(market, "order", lot="coal", quantity=2, limit_total=500)
    time_is_up(market)
    settled(market, swept)
    assert sorted(Obligation.objects.values_list("kind", "amount_minor")) == [
        ("collect", 500), ("collect", 900), ("payout", 1400),
    ]  # fmt: skip


def test_an_ascending_clock_stops_where_demand_meets_supply(swept: Sweep) -> None:
    seller, traders = Trader(card=None, payout=True), [Trader() for _ in range(2)]
    lots = [{"id": "mhz", "seller": seller.agent.ref, "reserve": 100, "supply": 2}]
    params = {"increments": [[None, 50]], "round_s": 30}
    market = open_a_market(mechanism="ascending_clock", params=params, lots=lots)
    for trader in traders:
        trader.join(market, 4_00)
        trader.move(market, "bid", demand={"mhz": 2})
    time_is_up(market)
    swept()
    assert turns_of(market, traders[0])["public"] == {"round": 2, "prices": {"mhz": 150}, "demand": {"mhz": 4}}
    traders[0].move(market, "bid", demand={"mhz": 1})
    traders[1].move(market, "bid", demand={"mhz": 1})  # all have spoken: the round is over
    settled(market, swept)
    assert paid() == [("collect", 150, "paid")] * 2 + [("payout", 300, "paid")]


def test_two_processes_play_one_market(swept: Sweep) -> None:
    """A state from memory, and one that was made again from the rows, are the same at every number."""
    market, hotel, guest = table(params={"answer_s": 600, "rounds": 20})
    for n in range(8):
        if n % 3 == 0:
            turns.forget_all()
        (guest if n % 2 == 0 else hotel).move(market, "offer", agreement={**ROOM, "price": 9000 + 500 * n})
    row = Market.objects.get(pk=market.pk)
    kept = turns.table_of(row)
    turns.forget_all()
    again = turns.table_of(row)
    assert (kept.state.public, kept.made, kept.last) == (again.state.public, again.made, again.last)
    guest.move(market, "accept")
    settled(market, swept)
