"""Pages for people ask the database as often for a market of many bids as for one of few, give or take three."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace.markets.models import Market
from tests.factories import Trader, buy, close_now, open_a_market
from tests.mandates.people import Person

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
FEW, MANY, GROWTH = 1, 10, 3
MINE = ("me-now", "me-asks", "me-done", "me-wants", "me-rules", "me-stop", "me-account")


def a_market(person: Person, bids: int) -> Market:
    """A market in which this person and so many others bid."""
    market = open_a_market(disclosure="public")
    for number, trader in enumerate([person, *(Trader() for _ in range(bids))]):
        trader.join(market)
        trader.bid(market, buy("room", 9000 - number * 100))
    return market


def costs(person: Person, market: Market) -> dict[str, int]:
    """How many queries each page takes, the second time that it is looked at."""
    part = market.participations.get(agent=person.agent)
    browser, found = Client(), {}
    browser.force_login(person.user, "django.contrib.auth.backends.ModelBackend")
    paths = {name: reverse(name) for name in ("index", *MINE)}
    paths |= {name: reverse(name, args=[market.ref]) for name in ("market-page", "market-page-outcome")}
    paths["me-deal"] = reverse("me-deal", args=[part.ref])
    for name, path in paths.items():
        browser.get(path)
        with CaptureQueriesContext(connection) as captured:
            browser.get(path)
        found[name] = len(captured)
    return found


def test_pages_cost_the_same_whatever_the_number_of_bids(swept: Callable[[], int]) -> None:
    people = Person(), Person()
    markets = [a_market(person, bids) for person, bids in zip(people, (FEW, MANY), strict=True)]
    for _ in ("open", "settled"):
        few, many = (costs(*pair) for pair in zip(people, markets, strict=True))
        assert all(few.values())
        assert {name: (few[name], many[name]) for name in few if many[name] > few[name] + GROWTH} == {}
        for market in markets:
            close_now(market)
        swept()
    assert {Market.objects.get(pk=market.pk).state for market in markets} == {"settled"}
