"""A person plays by hand against reference agents, in a real browser: haggles to a deal, bids, stops the clock."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from marketplace.demo.sparring import AGENDA, MOST, ROUNDS, reply
from marketplace.markets.models import Market
from tests.doors.looking import looked_at
from tests.doors.test_browser_market_page import Visit, Visitor, browser, server, visit  # noqa: F401 - fixtures
from tests.factories import Trader, open_a_haggle, open_a_market
from tests.mandates.people import Person
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "stripe_sandbox"])
ALONE = {"alone": [{"when": {"currency": "EUR", "up_to_minor": 50000}}]}


def signed_in(seen: Visit, user: User) -> None:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies["sessionid"].value
    seen.page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": seen.home}])


def answered(market: Market, hotel: Trader) -> None:
    """The reference agent's move."""
    moves = [
        {"n": row.n, "type": row.type, "data": row.data.open(), "by": row.participation.ref}
        for row in market.moves.order_by("n").select_related("participation")
    ]
    said = reply(moves, market.participations.get(agent=hotel.agent).ref)
    hotel.move(market, said["type"], **json.loads(json.dumps(said.get("data", {}))))


def test_a_person_plays_by_hand(server: Server, visit: Visitor) -> None:  # noqa: F811
    ada, hotel, rival = Person(ALONE), Trader(card=None, payout=True), Trader()
    params = {"rounds": ROUNDS, "answer_s": 600, "first": "buyer"}
    market = open_a_haggle(hotel, agenda=AGENDA, params=params)
    hotel.join(market, 0)
    seen = visit(server, "/")
    signed_in(seen, ada.user)
    page = seen.page
    page.goto(f"{seen.home}/markets/{market.ref}/")
    page.get_by_role("link", name="Play by hand").click()
    looked_at(page, "play-join")
    page.get_by_label("Your limit, in EUR").fill("200")
    page.get_by_role("button", name="Sit down").click()
    expect(page.get_by_role("heading", name="Your turn")).to_be_visible()
    looked_at(page, "play-turn")
    page.get_by_label("price").select_option(label="100.00 EUR")
    page.get_by_label("breakfast").select_option(label="yes")
    page.get_by_role("button", name="Offer").click()
    expect(page.get_by_role("heading", name="The other’s turn")).to_be_visible()
    answered(market, hotel)
    expect(page.get_by_role("heading", name="Your turn")).to_be_visible()  # the page has followed by itself
    expect(page.locator("#stands")).to_contain_text("160.00 EUR")  # boulware asks for the most at first
    assert MOST == 160_00
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("heading", name="Your turn")).to_be_visible()
    page.get_by_label("price").select_option(label="160.00 EUR")
    page.get_by_role("button", name="Offer").click()
    expect(page.get_by_role("heading", name="The other’s turn")).to_be_visible()
    answered(market, hotel)
    expect(page.get_by_role("heading", name="It is over")).to_be_visible()
    looked_at(page, "play-over")
    english = open_a_market(mechanism="english", params={"increments": [[None, 500]]}, lots=[{"id": "ring"}])
    dutch = open_a_market(
        mechanism="dutch", params={"start": 9000, "decrement": 100, "tick_s": 600}, lots=[{"id": "r"}]
    )
    rival.join(english, 100_00)
    rival.move(english, "bid", amount=3000)
    for each in (english, dutch):
        page.goto(f"{seen.home}/me/play/{each.ref}/")
        page.get_by_label("Your limit, in EUR").fill("100")
        page.get_by_role("button", name="Sit down").click()
    page.get_by_role("button", name="Stop the clock").click()
    expect(page.get_by_role("heading", name="It is over")).to_be_visible()
    page.goto(f"{seen.home}/me/play/{english.ref}/")
    page.get_by_label("Up to, in EUR").fill("1,00")
    page.get_by_role("button", name="Bid").click()
    expect(page.get_by_text("the next bid is")).to_be_visible()
    page.get_by_label("Up to, in EUR").fill("45.50")
    page.get_by_role("button", name="Bid").click()
    expect(page.locator("#stands")).to_have_text("You lead at 35.00 EUR.")
    assert (seen.complaints, seen.outside()) == ([], [])
