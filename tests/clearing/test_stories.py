"""Markets from their opening to settled money, through services, the real child and the real SDK."""

import json
from collections.abc import Callable

import pytest

import mechanisms
from marketplace.clearing.explanations import outcome_answer
from marketplace.core import streams
from marketplace.markets.models import Market, Round
from marketplace.markets.services import cancel_market
from marketplace.reports.outcomes import outcome_rows
from marketplace.settlement.models import Authorisation, Obligation
from marketplace.settlement.services import balances, verify_journal
from mechanisms import check
from mechanisms.check import receipts
from mechanisms.types import Outcome, Problem
from tests.factories import Trader, buy, close_now, curve, open_a_market

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
Sweep = Callable[[], int]


def settle(market: Market, swept: Sweep) -> Round:
    """Let the market close, clear and settle; its round."""
    close_now(market)
    swept()
    market.refresh_from_db()
    assert market.state == Market.State.SETTLED
    assert not verify_journal(journal=market.journal)
    return market.rounds.get()


def test_one_room_goes_to_the_highest_bid_at_the_second(swept: Sweep) -> None:
    hotel, guests = Trader(card=None, payout=True), [Trader() for _ in range(3)]
    market = open_a_market(lots=[{"id": "room", "seller": hotel.agent.ref, "reserve": 3000}])
    parts = [guest.join(market, 10_000) for guest in guests]
    for guest, value in zip(guests, (5000, 8000, 6500), strict=True):
        guest.bid(market, buy("room", value))
    round_ = settle(market, swept)
    outcome = Outcome.from_json(round_.outcome)
    assert outcome.payments == {parts[0].ref: 0, parts[1].ref: 6500, parts[2].ref: 0}
    assert [(o.kind, o.amount_minor, o.state) for o in Obligation.objects.order_by("kind")] == [
        ("collect", 6500, "paid"),
        ("payout", 6500, "paid"),
    ]
    assert sorted(Authorisation.objects.values_list("state", flat=True)) == ["captured", "released", "released"]
    books = balances(market.journal)
    assert sum(books.values()) == 0
    assert {amount for account, amount in books.items() if account.startswith("payee:")} in ({6500}, {-6500})


def test_a_double_auction_pays_every_seller_what_the_buyers_paid(swept: Sweep) -> None:
    buyers, sellers = [Trader() for _ in range(3)], [Trader(card=None, payout=True) for _ in range(2)]
    market = open_a_market(mechanism="double_auction", exponent=3, lots=[{"id": "mwh"}])
    for buyer, price in zip(buyers, (9_005, 8_004, 3_001), strict=True):
        buyer.join(market, 50_00)
        buyer.bid(market, curve("mwh", (3, price)))
    for seller, price in zip(sellers, (2_002, 4_003), strict=True):
        seller.join(market, 0)
        seller.bid(market, curve("mwh", (-3, price)))
    round_ = settle(market, swept)
    outcome = Outcome.from_json(round_.outcome)
    price = outcome.prices["mwh"]
    assert 4_003 <= price <= 8_004
    paid = sum(Obligation.objects.filter(kind="collect").values_list("amount_minor", flat=True))
    got = sum(Obligation.objects.filter(kind="payout").values_list("amount_minor", flat=True))
    assert paid == sum(3 * price // 10 for _ in range(2))  # each payer rounded down to the cent
    assert 0 <= paid - got < 2  # below n units of residue
    assert sum(balances(market.journal).values()) == 0


def test_a_bundle_of_two_sellers_is_won_paid_and_split(swept: Sweep) -> None:
    airline, hotel = Trader(card=None, payout=True), Trader(card=None, payout=True)
    lots = [
        {"id": "flight", "seller": airline.agent.ref, "reserve": 10_000},
        {"id": "hotel", "seller": hotel.agent.ref, "reserve": 5_000},
    ]
    market = open_a_market(mechanism="vcg", lots=lots, disclosure="own_only")
    both, flyer, sleeper = Trader(), Trader(), Trader()
    names = [trader.join(market, 500_00).ref for trader in (both, flyer, sleeper)]
    both.bid(market, {"atoms": [{"bundle": {"flight": 1, "hotel": 1}, "value": 38_000}]})
    flyer.bid(market, buy("flight", 21_000))
    sleeper.bid(market, buy("hotel", 9_000))
    outcome = Outcome.from_json(settle(market, swept).outcome)
    assert outcome.payments == {names[0]: 30_000, names[1]: 0, names[2]: 0}  # what the other two would have had
    assert "drawn level" not in outcome_answer(market, names[1])["why"]  # that is a sum of others' values
    assert "served" not in outcome_answer(market, names[0])["why"]
    Market.objects.filter(pk=market.pk).update(disclosure=Market.Disclosure.PSEUDONYMOUS)
    market.refresh_from_db()
    assert "290.00 EUR would have drawn level" in outcome_answer(market, names[1])["why"]
    assert "without you: " + ", ".join(sorted(names[1:])) in outcome_answer(market, names[0])["why"]
    assert not any(name in json.dumps(outcome_answer(market, None)) for name in names)  # nor in a proof
    got = dict(Obligation.objects.filter(kind="payout").values_list("principal_id", "amount_minor"))
    assert got == {airline.agent.principal_id: 17_500, hotel.agent.principal_id: 12_500}  # reserve, the rest halved


def test_nothing_traded_releases_every_hold(swept: Sweep) -> None:
    market, guest = open_a_market(lots=[{"id": "room", "reserve": 9000}]), Trader()
    guest.join(market, 5000)
    guest.bid(market, buy("room", 4000))
    round_ = settle(market, swept)
    assert round_.status == "no_trade"
    assert not Obligation.objects.exists()
    assert Authorisation.objects.get().state == "released"


def test_a_cancelled_market_owes_nothing_and_holds_nothing(swept: Sweep) -> None:
    market, guest = open_a_market(), Trader()
    guest.join(market, 5000)
    guest.bid(market, buy("room", 4000))
    assert cancel_market(market=market, reason="a mistake")
    assert not cancel_market(market=market, reason="again")
    swept()
    assert Authorisation.objects.get().state == "released"
    assert not Round.objects.exists()
    assert [row.kind for row in streams.read(market.stream)][-1] == "market.cancelled"


def test_the_round_can_be_recomputed_by_anyone(swept: Sweep) -> None:
    market, guests = open_a_market(), [Trader() for _ in range(4)]
    for guest, value in zip(guests, (5000, 7000, 7000, 100), strict=True):
        guest.join(market, 10_000)
        guest.bid(market, buy("room", value))
    round_ = settle(market, swept)
    problem, outcome = Problem.from_json(round_.problem), Outcome.from_json(round_.outcome)
    assert problem.seed == receipts.tie_seed_of(market.receipts_root, market.seed)
    again = mechanisms.run(problem.mechanism, problem, problem.params, problem.seed)
    assert again.to_json().decode() == round_.outcome
    assert not check.verify(problem, outcome)


@pytest.mark.parametrize("disclosure", ["own_only", "pseudonymous", "public"])
def test_an_outcome_tells_each_what_the_market_discloses(swept: Sweep, disclosure: str) -> None:
    market, winner, loser = open_a_market(disclosure=disclosure), Trader(), Trader()
    names = [trader.join(market, 10_000).ref for trader in (winner, loser)]
    winner.bid(market, buy("room", 7321))
    loser.bid(market, buy("room", 5432))
    settle(market, swept)
    mine = outcome_answer(market, names[0])
    assert (mine["mine"]["won"], mine["mine"]["payment"], mine["mine"]["means"]) == (True, 5432, "You pay 54.32 EUR.")
    assert "54.32 EUR" in mine["why"]
    nobody = json.dumps(outcome_answer(market, None))
    assert ("7321" in nobody) == (disclosure != "own_only")  # the winner's own bid stays its own
    assert (names[1] in nobody) == (disclosure == "public")
    rows = outcome_rows(market, own={names[1]}, everything=False)
    assert [row["participant"] for row in rows] == ([names[1]] if disclosure == "own_only" else sorted(names))


def test_who_joined_and_did_not_bid_is_told_so(swept: Sweep) -> None:
    market, bidder, idler = open_a_market(), Trader(), Trader()
    idle = idler.join(market, 10_000)
    bidder.join(market, 10_000)
    bidder.bid(market, buy("room", 7000))
    settle(market, swept)
    assert outcome_answer(market, idle.ref)["why"] == "You had no bid in it."


def test_slots_rank_by_the_quality_that_the_operator_states_of_agents(swept: Sweep) -> None:
    good, poor = Trader(), Trader()
    params = {"clicks": [10], "quality": {good.agent.ref: "10", poor.agent.ref: "1"}}
    market = open_a_market(mechanism="gsp", params=params, lots=[{"id": "slot", "supply": 1}])
    names = [trader.join(market, 100_00).ref for trader in (good, poor)]
    good.bid(market, curve("slot", (1, 50)))
    poor.bid(market, curve("slot", (1, 60)))
    outcome = Outcome.from_json(settle(market, swept).outcome)
    assert [award.agent for award in outcome.awards] == [names[0]]


def test_a_charge_that_no_card_takes_runs_up_on_the_balance(swept: Sweep) -> None:
    market, traders = open_a_market(), [Trader(), Trader()]
    names = [trader.join(market, 10_000).ref for trader in traders]
    traders[0].bid(market, buy("room", 7000))
    traders[1].bid(market, buy("room", 40))
    settle(market, swept)
    mine = outcome_answer(market, names[0])["mine"]
    assert mine["means"] == "You pay 0.40 EUR; that is less than a card can be charged, so it runs up on your balance."
    assert Obligation.objects.get(kind="collect").state == "paid"


def test_a_join_that_the_close_overtakes_is_refused_and_its_hold_released(swept: Sweep) -> None:
    market, trader = open_a_market(), Trader()
    participation = trader.join(market, 10_000)
    type(participation).objects.update(state="pending")
    close_now(market)
    swept()
    participation.refresh_from_db()
    assert participation.state == "refused"
    assert Authorisation.objects.get().state == "released"


def test_events_of_a_life(swept: Sweep) -> None:
    market, guest = open_a_market(), Trader()
    participation = guest.join(market, 10_000)
    guest.bid(market, buy("room", 7000))
    settle(market, swept)
    events = streams.read(market.stream)
    assert json.loads(events[-1].payload)["all_paid"] is True
    kinds = [row.kind for row in events]
    assert kinds == [
        *("market.opened", "market.joined", "market.closed"),
        *("receipts.published", "key.released", "round.cleared", "market.settled"),
    ]
    private = [row.kind for row in streams.read(participation.stream)]
    assert private == ["participation.active", "bid.accepted", "round.cleared"]
