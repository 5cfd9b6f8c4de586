"""Stored preferences and categories: checked, versioned, encrypted, frozen; alerts once a market."""

import pytest
from django.db import connection

from marketplace.core.models import Event
from marketplace.core.refusals import Refusal
from marketplace.markets.sweeps import alert_due
from marketplace.preferences.categories import listed_categories, write_category
from marketplace.preferences.models import Category, PreferenceVersion
from marketplace.preferences.services import change_preference, content_of, forget_preference, store_preference
from tests.factories import Trader, open_a_market
from tests.preferences.flights import OFFER, OUT, flight, wants

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
TICKET = {"title": "A ticket", "attributes": {"row": {"type": "number"}}}


def refused(act, *args, **kwargs) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        act(*args, **kwargs)
    return caught.value.code, caught.value.pointer


def heard(trader: Trader) -> list[Event]:
    return list(Event.objects.filter(stream__name=f"inbox:{trader.agent.ref}", kind="market.matched"))


def test_a_preference_has_versions_and_no_row_shows_its_words() -> None:
    agent = Trader(card=None).agent
    row = store_preference(agent=agent, stated=wants())
    same = change_preference(preference=row, stated=wants(), alert=True)
    assert (same.version, same.alert) == (1, True)
    changed = change_preference(preference=row, stated=wants(worth=30_000), alert=False)
    assert changed.version == 2
    assert content_of(changed) == wants(worth=30_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM preferences_preferenceversion ORDER BY n")
        stored = [bytes(content) for (content,) in cursor.fetchall()]
    assert len(stored) == 2
    assert not any(word in content for content in stored for word in (b"flight", b"aisle", b"42000"))
    assert "flight" not in repr(PreferenceVersion.objects.first().content)
    forget_preference(preference=changed)
    assert PreferenceVersion.objects.count() == 0


def test_a_bad_preference_is_stored_by_nobody() -> None:
    agent = Trader(card=None).agent
    bad = wants(worth="much")
    assert refused(store_preference, agent=agent, stated=bad) == ("not_an_object", "/preference/items/flight/worth")
    unknown = {"version": 1, "currency": "EUR", "items": {"x": {"category": "moon/1", "worth": 1}}}
    assert refused(store_preference, agent=agent, stated=unknown)[0] == "unknown_category"
    assert agent.preferences.count() == 0


def test_a_category_is_frozen_by_its_first_use() -> None:
    write_category(name="ticket-a/1", schema=TICKET)
    more = TICKET | {"attributes": TICKET["attributes"] | {"seat": {"type": "number"}}}
    write_category(name="ticket-a/1", schema=more)
    ask = {"version": 1, "currency": "EUR", "items": {"x": {"category": "ticket-a/1", "worth": 1}}}
    store_preference(agent=Trader(card=None).agent, stated=ask)
    assert refused(write_category, name="ticket-a/1", schema=TICKET) == ("category_frozen", "/name")
    assert refused(write_category, name="flight/1", schema=TICKET) == ("category_frozen", "/name")
    assert refused(write_category, name="ticket", schema=TICKET) == ("category_invalid", "/name")
    assert refused(write_category, name="ticket/2", schema={"title": "x"}) == ("missing_field", "/schema/attributes")
    assert Category.objects.get(name="ticket-a/1").schema == more
    assert [one["id"] for one in listed_categories()][-1] == "ticket-a/1"


def test_a_market_freezes_the_categories_of_its_lots() -> None:
    write_category(name="ticket-b/1", schema=TICKET)
    open_a_market(lots=[{"id": "t", "category": "ticket-b/1", "attributes": {"row": 4.0}}])
    assert refused(write_category, name="ticket-b/1", schema=TICKET)[0] == "category_frozen"


@pytest.mark.parametrize(
    ("lot", "code", "pointer"),
    [
        (flight("f", stops="none"), "not_a_number", "/lots/1/attributes/stops"),
        (flight("f", colour="red"), "unknown_attribute", "/lots/1/attributes/colour"),
        (flight("f") | {"attributes": {"stops": 0}}, "missing_attribute", "/lots/1/attributes/provider"),
        (flight("f") | {"category": "moon/1"}, "unknown_category", "/lots/1/category"),
    ],
)
def test_a_lot_that_does_not_fit_its_category_opens_no_market(lot, code, pointer) -> None:
    assert refused(open_a_market, mechanism="vcg", lots=[flight("fine"), lot]) == (code, pointer)


def test_an_alert_is_told_once_of_each_market_that_opens_with_such_a_lot() -> None:
    waiting, silent, picky = Trader(card=None), Trader(card=None), Trader(card=None)
    row = store_preference(agent=waiting.agent, stated=wants(), alert=True)
    store_preference(agent=silent.agent, stated=wants())
    store_preference(agent=picky.agent, stated=wants() | {"currency": "USD"}, alert=True)
    market = open_a_market(mechanism="vcg", lots=OFFER)
    open_a_market(mechanism="vcg", lots=OUT)
    open_a_market()
    assert alert_due() == 3
    assert alert_due() == 0
    (event,) = heard(waiting)
    assert f'"market":"{market.ref}"' in event.payload
    assert f'"preference":"{row.ref}"' in event.payload
    assert heard(silent) == heard(picky) == []


def test_nobody_is_alerted_of_its_own_lots() -> None:
    seller = Trader(card=None, payout=True)
    store_preference(agent=seller.agent, stated=wants(), alert=True)
    open_a_market(mechanism="vcg", lots=[flight("mine") | {"seller": seller.agent.ref}])
    assert alert_due() == 1
    assert heard(seller) == []
