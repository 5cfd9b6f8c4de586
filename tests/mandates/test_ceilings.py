"""Ceilings: what a deal, a day and all that stands may cost, for an agent and those below it, whoever comes at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connections

from marketplace.agents import keys
from marketplace.bidding.models import Participation
from marketplace.bidding.participations import join_market
from marketplace.bidding.raises import raise_limit
from marketplace.core.refusals import Refusal
from marketplace.mandates import ceilings, documents
from marketplace.mandates.grants import chain_of, make_subagent, stop_agent
from marketplace.mandates.models import Commitment
from marketplace.settlement.models import Authorisation
from marketplace.settlement.services import release_hold
from tests.factories import Trader, buy, close_now, open_a_market
from tests.mandates.people import Person, swept

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
EUR = {"ceilings": {"EUR": {"deal_minor": 10000, "day_minor": 20000, "standing_minor": 15000}}}


def refused(code: str, act) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def test_a_deal_a_day_and_what_stands_are_bounded():
    person, markets = Person(EUR), [open_a_market() for _ in range(3)]
    assert refused("mandate_denied", lambda: person.join(markets[0], 15000)).extra == {"reasons": ["deal"]}
    person.join(markets[0], 10000)
    beyond = refused("mandate_exceeded", lambda: person.join(markets[1], 7500))
    assert beyond.extra == {"ceiling": "standing"}
    assert "150.00 EUR at one time" in beyond.detail
    person.join(markets[1], 5000)
    for hold in Authorisation.objects.filter(principal=person.principal):
        release_hold(authorisation=hold)
    swept("settlement mandates.ended")
    person.join(markets[2], 10000)  # what was let go of is free again, for the day too
    assert not Participation.objects.filter(agent=person.agent).exclude(state="active").exists()


def test_what_was_charged_counts_for_the_day_and_no_more_for_what_stands(swept):
    person = Person({"ceilings": {"EUR": {"day_minor": 10000, "standing_minor": 10000}}})
    rival, market = Trader(), open_a_market(lots=[{"id": "room", "seller": Trader(payout=True).agent.ref}])
    person.join(market, 10000)
    rival.join(market, 10000)
    person.bid(market, buy("room", 10000))
    rival.bid(market, buy("room", 3000))
    close_now(market)
    swept()
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 0
    other = open_a_market()
    assert refused("mandate_exceeded", lambda: person.join(other, 7500)).extra == {"ceiling": "day"}
    person.join(other, 5000)


def test_a_currency_without_a_ceiling_is_not_covered():
    person = Person(EUR)
    pounds = open_a_market(currency="GBP")
    assert refused("mandate_denied", lambda: person.join(pounds, 5000)).extra == {"reasons": ["currency"]}


def test_the_day_begins_where_the_principal_lives():
    evening = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert str(ceilings.day_of(evening, "Europe/Amsterdam")) == "2026-11-25"
    assert str(ceilings.day_of(evening, "America/New_York")) == "2026-11-24"


def test_sixteen_join_at_once_and_never_more_than_the_ceiling():
    person = Person({"ceilings": {"EUR": {"standing_minor": 50000}}})
    markets = [open_a_market() for _ in range(16)]

    def join(market) -> str:
        try:
            person.join(market, 10000)
            return "joined"
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(join, markets))
    assert sorted(outcomes) == ["joined"] * 5 + ["mandate_exceeded"] * 11
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 50000


def test_a_sub_agent_is_narrower_and_shares_its_parents_ceilings():
    person, markets = Person(EUR), [open_a_market() for _ in range(3)]
    wider = documents.read({"ceilings": {"EUR": {"deal_minor": 15000, "day_minor": 20000, "standing_minor": 15000}}})
    refusal = refused("mandate_wider", lambda: make_subagent(parent=person.agent, name="x", document=wider))
    assert refusal.extra == {"wider": ["ceilings/EUR/deal_minor"]}
    narrower = documents.read(EUR | {"mechanisms": ["second_price"]})
    child, key = make_subagent(parent=person.agent, name="x", document=narrower)
    person.join_as(key, markets[0], 10000)
    assert refused("mandate_exceeded", lambda: person.join(markets[1], 7500)).extra == {"ceiling": "standing"}
    known = keys.identify(key)
    stop_agent(agent=person.agent)
    cached = {"market": markets[2], "identity": known, "limit_minor": 5000, "key": "k"}  # as another process has it yet
    assert refused("mandate_denied", lambda: join_market(**cached)).extra == {"reasons": ["revoked"]}
    assert refused("key_revoked", lambda: person.join_as(key, markets[2], 5000)).status == 401
    assert all(link.revoked for link in chain_of(child).links)


def test_a_raise_is_an_act_of_its_own_and_swaps_the_hold(swept):
    person, market = Person({"ceilings": {"EUR": {"standing_minor": 10000}}}), open_a_market()
    part = person.join(market, 5000)
    lift = {"market": market, "identity": person.identity}
    refused("limit_not_raised", lambda: raise_limit(**lift, limit_minor=5000, key="a"))
    refused("mandate_exceeded", lambda: raise_limit(**lift, limit_minor=15000, key="b"))
    row = raise_limit(**lift, limit_minor=10000, key="c")
    assert raise_limit(**lift, limit_minor=10000, key="c").pk == row.pk
    refused("idempotency_key_reused", lambda: raise_limit(**lift, limit_minor=7500, key="c"))
    part.refresh_from_db()
    assert (row.state, part.limit_minor, part.authorisation.reference) == ("done", 10000, part.ref)
    rival = Trader()
    rival.join(market, 10000)
    rival.bid(market, buy("room", 7500))
    person.bid(market, buy("room", 10000))  # above the first limit
    close_now(market)
    swept()
    states = dict(Authorisation.objects.filter(principal=person.principal).values_list("amount_minor", "state"))
    assert states == {5000: "released", 10000: "captured"}
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 0


def test_a_raise_that_the_card_refuses_leaves_all_as_it_was():
    person, market = Person({"ceilings": {"EUR": {"standing_minor": 20000}}}), open_a_market()
    person.join(market, 5000)
    person_card = person.principal.payment_methods.get()
    person_card.stripe_payment_method = "pm_card_visa_chargeDeclined"
    person_card.save()
    stated = {"market": market, "identity": person.identity, "limit_minor": 10000, "key": "r"}
    refused("payment_declined", lambda: raise_limit(**stated))
    assert Participation.objects.get(agent=person.agent).limit_minor == 5000
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 5000


def test_a_raise_approved_after_the_clearing_counts_nothing(swept):
    person = Person(
        {"ask": [{"when": {"currency": "EUR", "over_minor": 5000}}], "ceilings": {"EUR": {"day_minor": 20000}}}
    )
    rival, market = Trader(), open_a_market(lots=[{"id": "room", "seller": Trader(payout=True).agent.ref}])
    person.join(market, 5000)
    rival.join(market, 10000)
    person.bid(market, buy("room", 5000))
    rival.bid(market, buy("room", 3000))
    assert raise_limit(market=market, identity=person.identity, limit_minor=15000, key="up").state == "asking"
    close_now(market)
    swept()
    person.answer("yes")  # in time, for the check-in knows nothing of the close; it takes the ceiling for now
    assert ceilings.sweep_ended() == 1  # and this sweep comes before the one that voids the approval
    swept()
    assert person.asked().outcome == "market_not_open"
    used = Commitment.objects.filter(holder=person.agent).values_list("amount_minor", "standing")
    assert sorted(used) == [(0, False), (3000, False)]
