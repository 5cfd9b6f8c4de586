"""A person is asked, answers once, in time, about the very act; silence does nothing, and nothing widens a mandate."""

import logging
import time
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from marketplace.bidding.participations import join_market
from marketplace.bidding.raises import raise_limit
from marketplace.core import clock, streams
from marketplace.core.refusals import Refusal
from marketplace.mandates import ceilings, checkins
from marketplace.mandates.checkins import shown
from marketplace.mandates.models import Case, CheckIn, Mandate
from marketplace.markets.models import Lot, Market
from marketplace.preferences.categories import write_category
from marketplace.settlement.models import Authorisation, PaymentMethod
from marketplace.settlement.services import add_payment_method
from tests.factories import buy, close_now, open_a_market
from tests.mandates.people import Person, end_soon, swept

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
ASKING = {"alone": [{"when": {"currency": "EUR", "up_to_minor": 5000}}], "ceilings": {"EUR": {"standing_minor": 20000}}}
OURS = "mandates bidding settlement"


def refused(code: str, act) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code
    return caught.value


@pytest.fixture
def person() -> Person:
    return Person(ASKING)


def told(person: Person) -> list[str]:
    return [event.kind for event in streams.read(f"inbox:{person.agent.ref}") if event.kind.startswith("checkin")]


def nothing_is_spent(person: Person) -> bool:
    held = Authorisation.objects.filter(principal=person.principal).exclude(state="released")
    return not held.exists() and ceilings.standing_minor(person.agent.pk, "EUR") == 0


def test_what_may_be_done_alone_is_done_alone(person):
    assert person.join(open_a_market(), 5000).state == "active"
    assert not CheckIn.objects.exists()


def test_a_join_waits_for_the_person_and_completes_under_the_same_key(person):
    market = open_a_market()
    stated = {"market": market, "identity": person.identity, "limit_minor": 10000, "key": "one"}
    waiting = join_market(**stated)
    assert (waiting.state, join_market(**stated).pk) == ("asking", waiting.pk)
    assert nothing_is_spent(person)
    seen = shown(person.asked())
    assert seen["means"].startswith("Join under a limit of 100.00 EUR in")
    assert seen["because"] == ["No rule lets the agent do this alone."]
    person.answer("yes")
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 10000
    swept(OURS)
    assert join_market(**stated).state == "active"
    assert told(person) == ["checkin.asked", "checkin.answered"]
    assert person.asked().state == "done"
    person.bid(market, buy("room", 9000))


def test_no_means_no(person):
    stated = {"market": open_a_market(), "identity": person.identity, "limit_minor": 10000, "key": "one"}
    join_market(**stated)
    person.answer("no")
    swept(OURS)
    assert refused("checkin_declined", lambda: join_market(**stated)).extra == {"checkin": person.asked().ref}
    assert nothing_is_spent(person)


def test_silence_does_nothing(person, monkeypatch):
    stated = {"market": open_a_market(), "identity": person.identity, "limit_minor": 10000, "key": "one"}
    join_market(**stated)
    CheckIn.objects.update(answer_by=clock.now() - timedelta(seconds=1))
    refused("checkin_lapsed", lambda: person.answer("yes"))
    swept(OURS)
    assert person.asked().state == "lapsed"
    refused("checkin_unanswered", lambda: join_market(**stated))
    assert told(person) == ["checkin.asked", "checkin.lapsed"]
    assert nothing_is_spent(person)


def test_there_is_a_margin_before_the_close(person):
    market = open_a_market()
    person.join(market, 10000)
    assert (market.closes_at - person.asked().answer_by) == timedelta(seconds=60)
    soon = open_a_market()
    end_soon(soon, 50)
    person.join(soon, 10000)
    left = (soon.closes_at - person.asked().answer_by).total_seconds()
    assert 20 < left <= 25
    sooner = open_a_market()
    end_soon(sooner, 30)
    refused("too_late_to_ask", lambda: person.join(sooner, 10000))


def test_the_ceilings_are_taken_at_the_approval(person):
    first, second = open_a_market(), open_a_market()
    person.join(first, 15000)
    asked = person.asked()
    person.join(second, 10000)
    person.answer("yes")  # the later one
    refused("mandate_exceeded", lambda: person.answer("yes", asked))
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 10000
    asked.refresh_from_db()
    assert asked.state == "pending"


def test_a_mandate_narrowed_meanwhile_decides(person):
    person.join(open_a_market(), 10000)
    person.grant(ASKING | {"mechanisms": ["first_price"]})
    assert refused("mandate_denied", lambda: person.answer("yes")).extra == {"reasons": ["mechanisms"]}
    assert nothing_is_spent(person)


def test_a_mandate_that_contradicts_itself_is_refused_and_logged(person, caplog):
    rules = {"ask": [{"when": {}, "name": "all"}], "never": [{"when": {}, "name": "none"}]}
    before = Mandate.objects.count()
    caplog.set_level(logging.WARNING)
    refused("mandate_contradictory", lambda: person.grant(rules))
    assert Mandate.objects.count() == before
    assert "ask:0 (all) says ask, but never:0 (none) says never" in caplog.text


def test_a_changed_act_a_replay_and_another_principal_are_refused_and_logged(person, caplog):
    caplog.set_level(logging.WARNING)
    logging.disable(logging.NOTSET)
    person.join(open_a_market(), 10000)
    stranger = Person(ASKING)
    refused("act_changed", lambda: person.answer("yes", digest="0" * 64))
    refused("checkin_not_found", lambda: stranger.answer("yes", person.asked()))
    assert nothing_is_spent(person)
    person.answer("yes")
    refused("checkin_answered", lambda: person.answer("yes"))
    refused("checkin_answered", lambda: person.answer("no"))
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 10000
    words = " ".join(record.getMessage() for record in caplog.records if "mandates" in record.name)
    assert all(part in words for part in ("act_changed", "checkin_answered", "whose it is not"))


def test_terms_that_change_after_the_approval_void_it(person):
    market = open_a_market()
    person.join(market, 10000)
    person.answer("yes")
    Market.objects.filter(pk=market.pk).update(title="Another thing")
    swept(OURS)
    assert (person.asked().state, person.asked().outcome) == ("void", "act_changed")
    assert nothing_is_spent(person)


def test_an_approval_after_the_close_does_nothing(person):
    market = open_a_market()
    stated = {"market": market, "identity": person.identity, "limit_minor": 10000, "key": "one"}
    join_market(**stated)
    person.answer("yes")
    close_now(market)
    swept(OURS)
    assert (person.asked().state, person.asked().outcome) == ("void", "market_not_open")
    refused("checkin_void", lambda: join_market(**stated))
    assert nothing_is_spent(person)


def test_a_clock_that_is_wrong_changes_nothing(person, monkeypatch):
    """The database's clock decides, whatever the machine of the answer thinks."""
    person.join(open_a_market(), 10000)
    CheckIn.objects.update(answer_by=clock.now() - timedelta(seconds=1))
    hours_behind = time.time() - 7200
    monkeypatch.setattr(time, "time", lambda: hours_behind)
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime.fromtimestamp(hours_behind).astimezone())
    refused("checkin_lapsed", lambda: person.answer("yes"))
    assert nothing_is_spent(person)


def test_a_raise_is_asked_about_and_completes_by_itself(person):
    market = open_a_market()
    part = person.join(market, 5000)
    stated = {"market": market, "identity": person.identity, "limit_minor": 15000, "key": "up"}
    assert raise_limit(**stated).state == "asking"
    assert shown(person.asked())["means"].startswith("Raise the limit to 150.00 EUR")
    person.answer("yes")
    swept(OURS)
    assert raise_limit(**stated).state == "done"
    part.refresh_from_db()
    assert part.limit_minor == 15000
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 15000


def test_a_raise_declined_leaves_the_limit(person):
    market = open_a_market()
    person.join(market, 5000)
    stated = {"market": market, "identity": person.identity, "limit_minor": 15000, "key": "up"}
    raise_limit(**stated)
    person.answer("no")
    swept(OURS)
    refused("checkin_declined", lambda: raise_limit(**stated))
    assert ceilings.standing_minor(person.agent.pk, "EUR") == 5000


def test_a_letter_leads_behind_the_login_and_tells_nothing(person):
    market = open_a_market(title="A surprise for Ada")
    person.join(market, 10000)
    swept("mandates.letters")
    (letter,) = mail.outbox
    assert letter.to == [person.user.email]
    assert f"/me/asks/{person.asked().ref}/" in letter.body
    assert "surprise" not in letter.body
    assert "100.00" not in letter.body
    swept("mandates.letters")
    assert len(mail.outbox) == 1


def test_every_answer_is_a_case(person):
    for word, stated in (("yes", {}), ("no", {}), ("yes", {"always_ask": True})):
        person.join(open_a_market(), 10000 if word == "no" else 7500)
        person.answer(word, **stated)
    assert list(Case.objects.order_by("pk").values_list("answer", flat=True)) == ["alone", "never", "ask"]


SCHEMA = {"title": "A thing", "attributes": {"colour": {"type": "text"}}}
PURSES = {
    "purses": [
        {"purse": "work", "when": {"categories": {"any": ["rail-ticket/1", "room-night/1", "theatre-ticket/1"]}}},
        {"purse": "personal", "when": {"categories": {"any": ["theatre-ticket/1", "book/1"]}}},
    ]
}


def traveller() -> Person:
    person = Person(PURSES, card=None)
    for token, purse in (("pm_card_visa", "work"), ("pm_card_mastercard", "personal")):
        add_payment_method(principal=person.principal, token=token, purse=purse)
    return person


def sale(category: str) -> Market:
    write_category(name=category, schema=SCHEMA)
    return open_a_market(lots=[{"id": "room", "category": category}])


def paid_from(part) -> str:
    part.refresh_from_db()
    return part.authorisation.payment_method.purse


def test_rules_choose_the_purse():
    person = traveller()
    assert paid_from(person.join(sale("rail-ticket/1"), 5000)) == "work"
    assert paid_from(person.join(sale("book/1"), 5000)) == "personal"


def test_theatre_tickets_on_a_business_trip_are_asked_about():
    person = traveller()
    part = person.join(sale("theatre-ticket/1"), 5000)
    seen = shown(person.asked())
    assert (part.state, seen["purses"]) == ("asking", ["personal", "work"])
    assert seen["because"] == ["Your rules do not say which payment source pays."]
    refused("purse_needed", lambda: person.answer("yes"))
    refused("purse_needed", lambda: person.answer("yes", purse="savings"))
    person.answer("yes", purse="personal")
    swept(OURS)
    assert paid_from(part) == "personal"


def test_where_no_rule_fits_the_person_chooses_from_all():
    person = traveller()
    person.join(sale("pizza/1"), 5000)
    assert person.asked().purses == ["personal", "work"]


def test_two_labelled_cards_without_rules_are_asked_about_and_one_is_not():
    person = Person({}, card=None)
    add_payment_method(principal=person.principal, token="pm_card_visa", purse="work")
    assert paid_from(person.join(open_a_market(), 5000)) == "work"
    add_payment_method(principal=person.principal, token="pm_card_mastercard", purse="personal")
    assert person.join(open_a_market(), 5000).state == "asking"


def test_a_raise_pays_from_the_purse_of_the_joining():
    person = traveller()
    market = sale("theatre-ticket/1")
    part = person.join(market, 5000)
    person.answer("yes", purse="personal")
    swept(OURS)
    raise_limit(market=market, identity=person.identity, limit_minor=10000, key="up")
    assert paid_from(part) == "personal"
    assert PaymentMethod.objects.filter(purse="personal").count() == 1


def test_a_seller_that_was_paid_before_is_not_new(swept):
    seller, person = Person(card=None, payout=True), Person({"ask": [{"when": {"new_counterparty": True}}]})
    lots = [{"id": "room", "seller": seller.agent.ref}]
    market, rival = open_a_market(lots=lots), Person()
    person.join(market, 10000)
    person.answer("yes")
    swept()
    person.bid(market, buy("room", 9000))
    rival.join(market, 10000)
    rival.bid(market, buy("room", 5000))
    close_now(market)
    swept()
    assert person.join(open_a_market(lots=lots), 10000).state == "active"
    assert person.join(open_a_market(), 10000).state == "asking"
    assert Lot.objects.filter(seller=seller.agent).count() == 2


def test_what_is_asked_is_encrypted_at_rest(person):
    person.join(open_a_market(title="A surprise for Ada"), 10000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT act FROM mandates_checkin")
        kept = bytes(cursor.fetchone()[0])
    assert b"surprise" not in kept
    assert b"10000" not in kept
    assert checkins.shown(person.asked())["act"]["limit_minor"] == 10000
